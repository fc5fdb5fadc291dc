/* A Lua module that needs the system's libcrypto, as luaossl or a client of a database does. */

#include <openssl/crypto.h>

int luaopen_needs_crypto(void *L);
int luaopen_needs_crypto(void *L) {
  (void)L;
  return OPENSSL_VERSION_NUMBER != 0 && OpenSSL_version_num() == 0;
}
