--- What other clients call the fields of a request, and what to write here, for errors.

return {
  params = "the field is 'query'", data = "the field is 'body', or 'form' for a form",
  verify = "the field is tls = { verify = … }", insecure = "the field is tls = { verify = false }",
  cookiejar = "the option is options = { cookiejar = … }",
  interface = "the option is options = { interface = … }",
  resolve = "the option is options = { resolve = { 'host:port:address' } }",
  useragent = "it is headers = { ['User-Agent'] = … }",
  user_agent = "it is headers = { ['User-Agent'] = … }",
  unix_socket = "the option is options = { unix_socket_path = … }",
  retry = 'luvcurl sends anew by itself only what is lost with a kept connection (resend)',
  on_line = 'it is for curl.stream', on_event = 'it is for curl.stream',
  href = 'a parsed URL is no request: pass its text, the field href',
}
