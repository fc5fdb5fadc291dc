#!/usr/bin/env bash
# tools/demo.sh [BUILD]: starts an HTTP server on luv and a TLS nginx on loopback, and runs the
# example against both. What it makes is in one temporary folder, which goes away with the servers.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
build=$top/${1:-build/release}
PATH=$PATH:/usr/sbin

folder=$(mktemp -d)
servers=()
finish() {
  [ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true
  wait
  rm -rf "$folder"
}
trap finish EXIT

free_port() {
  luajit - <<'LUA'
local tcp = require('luv').new_tcp()
assert(tcp:bind('127.0.0.1', 0))
print(tcp:getsockname().port)
LUA
}
wait_for() { # COMMAND...: until it succeeds, ten seconds at most
  for _ in $(seq 100); do
    "$@" 2>/dev/null && return
    sleep 0.1
  done
  echo "demo: gave up waiting for: $*" >&2
  cat "$folder"/*.log >&2
  exit 1
}
accepts() { (: <"/dev/tcp/127.0.0.1/$1"); }

start_luv_server() { # sets $plain_url
  luajit examples/demo_server.lua >"$folder/address" 2>"$folder/luv.log" &
  servers+=($!)
  wait_for test -s "$folder/address"
  plain_url=$(cat "$folder/address")
}

make_certificates() { # a CA of our own, and a certificate for localhost from it
  printf '[req]\ndistinguished_name = name\n[name]\n[ca]\nbasicConstraints = critical,CA:TRUE\n' \
    >"$folder/ca.cnf"
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj '/CN=luvcurl demo CA' \
    -config "$folder/ca.cnf" -extensions ca -keyout "$folder/ca.key" -out "$folder/ca.crt"
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost \
    -keyout "$folder/tls.key" -out "$folder/tls.csr"
  openssl x509 -req -in "$folder/tls.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" \
    -CAcreateserial -days 1 -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') \
    -out "$folder/tls.crt"
}

start_nginx() { # sets $tls_url
  make_certificates >"$folder/openssl.log" 2>&1 || { cat "$folder/openssl.log" >&2; exit 1; }
  local port user='' http2=' http2;'
  port=$(free_port)
  [ "$(id -u)" != 0 ] || user='user root;'
  # From 1.25.1 on it is a directive of its own.
  case $(nginx -v 2>&1) in
    */1.2[5-9]* | */1.[3-9]* | */[2-9]*) http2='; http2 on;' ;;
  esac
  mkdir "$folder/temp"
  cat >"$folder/nginx.conf" <<CONF
daemon off;
$user
pid $folder/nginx.pid;
error_log $folder/nginx.log;
events { }
http {
  access_log off;
  client_body_temp_path $folder/temp/body;
  proxy_temp_path $folder/temp/proxy;
  fastcgi_temp_path $folder/temp/fastcgi;
  uwsgi_temp_path $folder/temp/uwsgi;
  scgi_temp_path $folder/temp/scgi;
  server {
    listen 127.0.0.1:$port ssl$http2
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate $folder/tls.crt;
    ssl_certificate_key $folder/tls.key;
    default_type text/plain;
    location / { return 200 "Hello from nginx!\nYou asked: \$request over \$ssl_protocol\n"; }
  }
}
CONF
  nginx -c "$folder/nginx.conf" 2>"$folder/nginx.err.log" &
  servers+=($!)
  wait_for accepts "$port"
  tls_url=https://localhost:$port/
}

start_luv_server
start_nginx
export LUA_PATH="$top/lua/?.lua;$top/lua/?/init.lua;;" LUA_CPATH="$build/?.so;;"
export CURL_CA_BUNDLE=$folder/ca.crt

for url in "$plain_url" "$tls_url"; do
  printf '\n== examples/poll-libcurl.lua %s\n' "$url"
  luajit examples/timings.lua examples/poll-libcurl.lua "$url"
done
