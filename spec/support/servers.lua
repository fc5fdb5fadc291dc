-- Where the servers are that the supervisor started: a table
--   nginx    url other_url tls_url tls_localhost_url tls_http1_url tls_wrong_host_url
--            tls_expired_url tls_self_signed_url tls_1_2_url tls_client_url (wants a client's
--            certificate) tls_asks_url (takes one), each with its …_port;
--            root (files) dav_dir log error_log user password
--   httpbin  url port log          nghttpd  url port
--   proxy    http http_auth socks socks_auth https (each url port log), user password
--   ftp      url port root user password
--   certs    see spec/support/certs.lua
-- and dir, the directory that holds everything.

local path = os.getenv('LUVCURL_SERVERS')
if not path then
  error("no servers: run the specs by 'luajit spec/run.lua', or start them by " ..
    "'luajit spec/support/supervisor.lua' and set LUVCURL_SERVERS to the file it names", 0)
end
return assert(loadfile(path))()
