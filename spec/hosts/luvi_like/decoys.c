/* Functions of OpenSSL that this executable exports and nobody may reach.
 *
 * luvi's releases hold a static OpenSSL and export all of it. A module opened in the ordinary way
 * gets libcurl's SSL calls bound to the executable's copy, whose structures differ from those of
 * the libssl that libcurl was built for: HTTPS then fails in ways that are hard to read. Here the
 * same mistake ends in an abort.
 *
 * The list: all that libcurl calls from its start to the end of an HTTPS transfer, and its digests.
 */

#include <stdio.h>
#include <stdlib.h>

static void decoy(const char *name) {
  fprintf(stderr, "decoy SSL symbol called: %s\n", name);
  abort();
}

#define DECOY(name) \
  void name(void);  \
  void name(void) { decoy(#name); }

/* library */
DECOY(CRYPTO_free)
DECOY(CRYPTO_malloc)
DECOY(ENGINE_by_id)
DECOY(ENGINE_get_first)
DECOY(ENGINE_load_builtin_engines)
DECOY(ERR_clear_error)
DECOY(ERR_error_string_n)
DECOY(ERR_get_error)
DECOY(ERR_peek_error)
DECOY(ERR_peek_last_error)
DECOY(OPENSSL_init_crypto)
DECOY(OPENSSL_init_ssl)
DECOY(OPENSSL_sk_num)
DECOY(OPENSSL_sk_pop)
DECOY(OPENSSL_sk_pop_free)
DECOY(OPENSSL_sk_value)
DECOY(OpenSSL_version)
DECOY(OpenSSL_version_num)
DECOY(RAND_bytes)
DECOY(RAND_status)

/* digests */
DECOY(EVP_DigestFinal_ex)
DECOY(EVP_DigestInit)
DECOY(EVP_DigestInit_ex)
DECOY(EVP_DigestUpdate)
DECOY(EVP_MD_CTX_free)
DECOY(EVP_MD_CTX_new)
DECOY(EVP_md5)
DECOY(EVP_sha1)
DECOY(EVP_sha256)
DECOY(MD5_Final)
DECOY(MD5_Init)
DECOY(MD5_Update)

/* input and output */
DECOY(BIO_clear_flags)
DECOY(BIO_ctrl)
DECOY(BIO_free)
DECOY(BIO_get_data)
DECOY(BIO_meth_free)
DECOY(BIO_meth_new)
DECOY(BIO_meth_set_create)
DECOY(BIO_meth_set_ctrl)
DECOY(BIO_meth_set_destroy)
DECOY(BIO_meth_set_read)
DECOY(BIO_meth_set_write)
DECOY(BIO_new)
DECOY(BIO_new_mem_buf)
DECOY(BIO_s_mem)
DECOY(BIO_set_data)
DECOY(BIO_set_flags)
DECOY(BIO_set_init)

/* contexts and sessions */
DECOY(SSL_CTX_ctrl)
DECOY(SSL_CTX_free)
DECOY(SSL_CTX_get_cert_store)
DECOY(SSL_CTX_new)
DECOY(SSL_CTX_sess_set_new_cb)
DECOY(SSL_CTX_set_alpn_protos)
DECOY(SSL_CTX_set_cert_store)
DECOY(SSL_CTX_set_cipher_list)
DECOY(SSL_CTX_set_ciphersuites)
DECOY(SSL_CTX_set_default_passwd_cb)
DECOY(SSL_CTX_set_msg_callback)
DECOY(SSL_CTX_set_options)
DECOY(SSL_CTX_set_post_handshake_auth)
DECOY(SSL_CTX_set_verify)
DECOY(SSL_CTX_use_PrivateKey_file)
DECOY(SSL_CTX_use_certificate_chain_file)
DECOY(SSL_SESSION_free)
DECOY(TLS_client_method)

/* connections */
DECOY(SSL_CIPHER_get_name)
DECOY(SSL_connect)
DECOY(SSL_ctrl)
DECOY(SSL_free)
DECOY(SSL_get0_alpn_selected)
DECOY(SSL_get1_peer_certificate)
DECOY(SSL_get_current_cipher)
DECOY(SSL_get_error)
DECOY(SSL_get_ex_data)
DECOY(SSL_get_peer_cert_chain)
DECOY(SSL_get_peer_certificate)
DECOY(SSL_get_shutdown)
DECOY(SSL_get_verify_result)
DECOY(SSL_get_version)
DECOY(SSL_new)
DECOY(SSL_pending)
DECOY(SSL_read)
DECOY(SSL_set0_rbio)
DECOY(SSL_set0_wbio)
DECOY(SSL_set_connect_state)
DECOY(SSL_set_ex_data)
DECOY(SSL_set_session)
DECOY(SSL_shutdown)
DECOY(SSL_write)

/* certificates */
DECOY(ASN1_STRING_get0_data)
DECOY(ASN1_STRING_length)
DECOY(ASN1_STRING_type)
DECOY(GENERAL_NAMES_free)
DECOY(PEM_read_bio_X509)
DECOY(X509_NAME_get_entry)
DECOY(X509_NAME_get_index_by_NID)
DECOY(X509_NAME_print_ex)
DECOY(X509_STORE_CTX_free)
DECOY(X509_STORE_CTX_init)
DECOY(X509_STORE_CTX_new)
DECOY(X509_STORE_add_cert)
DECOY(X509_STORE_add_lookup)
DECOY(X509_STORE_free)
DECOY(X509_STORE_load_file)
DECOY(X509_STORE_load_locations)
DECOY(X509_STORE_load_path)
DECOY(X509_STORE_new)
DECOY(X509_STORE_set_flags)
DECOY(X509_STORE_up_ref)
DECOY(X509_free)
DECOY(X509_get_ext_d2i)
DECOY(X509_get_issuer_name)
DECOY(X509_get_pubkey)
DECOY(X509_get_subject_name)
DECOY(X509_verify_cert)
DECOY(X509_verify_cert_error_string)
