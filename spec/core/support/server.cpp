#include "support/server.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace luvcurl::spec {

// Freed when libuv has closed it: libuv holds a reference through `self` until then.
struct Exchange::Connection {
  uv_tcp_t tcp{};
  Server *server = nullptr;
  std::string inbox;
  std::size_t number = 0;
  std::shared_ptr<Connection> self;

  uv_handle_t *handle() { return reinterpret_cast<uv_handle_t *>(&tcp); }
  uv_stream_t *stream() { return reinterpret_cast<uv_stream_t *>(&tcp); }

  void close() {
    if (uv_is_closing(handle()) != 0) return;
    uv_close(handle(), [](uv_handle_t *closed) {
      const auto last = std::move(static_cast<Connection *>(closed->data)->self);
    });
  }
};

namespace {

struct Write {
  uv_write_t request{};
  std::string bytes;
};

void require(int status, const char *what) {
  if (status != 0) throw std::runtime_error(std::string(what) + ": " + uv_strerror(status));
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

// --- answers ---

void Exchange::send(const std::string &bytes) const {
  const auto to = connection_.lock();
  if (!to || uv_is_closing(to->handle()) != 0) return;
  auto *write = new Write{{}, bytes};
  write->request.data = write;
  const uv_buf_t buffer =
      uv_buf_init(write->bytes.data(), static_cast<unsigned int>(write->bytes.size()));
  const int status = uv_write(&write->request, to->stream(), &buffer, 1, [](uv_write_t *done, int) {
    delete static_cast<Write *>(done->data);
  });
  if (status != 0) delete write;
}

void Exchange::reply(int status, const std::string &content,
                     const std::string &more_headers) const {
  send("HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Length: " +
       std::to_string(content.size()) + "\r\n" + more_headers + "\r\n" + content);
}

void Exchange::close() const {
  const auto to = connection_.lock();
  if (!to || uv_is_closing(to->handle()) != 0) return;
  auto *shutdown = new uv_shutdown_t;
  shutdown->data = to.get();
  const int status = uv_shutdown(shutdown, to->stream(), [](uv_shutdown_t *done, int) {
    static_cast<Connection *>(done->data)->close();
    delete done;
  });
  if (status != 0) delete shutdown;
}

// --- the server ---

Server::Server(uv_loop_t *loop, Handler handler)
    : listener_(new uv_tcp_t), handler_(std::move(handler)) {
  require(uv_tcp_init(loop, listener_), "uv_tcp_init");
  listener_->data = this;
  sockaddr_in address{};
  require(uv_ip4_addr("127.0.0.1", 0, &address), "uv_ip4_addr");
  require(uv_tcp_bind(listener_, reinterpret_cast<const sockaddr *>(&address), 0), "uv_tcp_bind");
  require(uv_listen(reinterpret_cast<uv_stream_t *>(listener_), 512, &on_connection), "uv_listen");
  int size = sizeof address;
  require(uv_tcp_getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size),
          "uv_tcp_getsockname");
  port_ = ntohs(address.sin_port);
  uv_unref(reinterpret_cast<uv_handle_t *>(listener_));
}

Server::~Server() {
  drop_connections();
  uv_close(reinterpret_cast<uv_handle_t *>(listener_),
           [](uv_handle_t *closed) { delete reinterpret_cast<uv_tcp_t *>(closed); });
}

std::string Server::url(const std::string &target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + target;
}

void Server::drop_connections() {
  for (const auto &connection : connections_) {
    connection->server = nullptr;
    connection->close();
  }
  connections_.clear();
}

void Server::on_connection(uv_stream_t *listener, int status) {
  if (status != 0) return;
  auto &self = *static_cast<Server *>(listener->data);
  const auto connection = std::make_shared<Connection>();
  uv_tcp_init(listener->loop, &connection->tcp);
  connection->tcp.data = connection.get();
  connection->self = connection;
  connection->server = &self;
  connection->number = ++self.accepted_;
  if (uv_accept(listener, connection->stream()) != 0) return connection->close();
  uv_unref(connection->handle());
  self.connections_.push_back(connection);
  uv_read_start(
      connection->stream(),
      [](uv_handle_t *, std::size_t, uv_buf_t *buffer) {
        static char bytes[65536];
        *buffer = uv_buf_init(bytes, sizeof bytes);
      },
      &on_read);
}

void Server::on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  const auto connection = static_cast<Connection *>(stream->data)->self;
  if (size < 0) {
    if (connection->server != nullptr) connection->server->forget(connection.get());
    return connection->close();
  }
  connection->inbox.append(buffer->base, static_cast<std::size_t>(size));
  if (connection->server != nullptr) connection->server->parse(connection);
}

void Server::forget(const Connection *connection) {
  connections_.remove_if(
      [connection](const auto &candidate) { return candidate.get() == connection; });
}

// Requests with Content-Length or chunks of their own, well-formed: libcurl writes them.
void Server::parse(const std::shared_ptr<Connection> &connection) {
  for (;;) {
    std::string &inbox = connection->inbox;
    const std::size_t end = inbox.find("\r\n\r\n");
    if (end == std::string::npos) return;
    Exchange exchange;
    exchange.connection_ = connection;
    exchange.connection = connection->number;
    const std::size_t first = inbox.find(' ');
    const std::size_t second = inbox.find(' ', first + 1);
    exchange.method = inbox.substr(0, first);
    exchange.target = inbox.substr(first + 1, second - first - 1);
    std::size_t at = inbox.find("\r\n") + 2;
    while (at < end + 2) {
      const std::size_t line_end = inbox.find("\r\n", at);
      const std::size_t colon = inbox.find(':', at);
      const std::size_t value = inbox.find_first_not_of(' ', colon + 1);
      exchange.headers[lower(inbox.substr(at, colon - at))] = inbox.substr(value, line_end - value);
      at = line_end + 2;
    }
    at = end + 4;
    if (exchange.headers.count("content-length") != 0) {
      const std::size_t size =
          std::strtoul(exchange.headers["content-length"].c_str(), nullptr, 10);
      if (inbox.size() - at < size) return;
      exchange.body = inbox.substr(at, size);
      at += size;
    } else if (exchange.headers.count("transfer-encoding") != 0) {
      for (;;) {
        const std::size_t line_end = inbox.find("\r\n", at);
        if (line_end == std::string::npos) return;
        const std::size_t size = std::strtoul(inbox.c_str() + at, nullptr, 16);
        if (inbox.size() < line_end + 2 + size + 2) return;
        exchange.body.append(inbox, line_end + 2, size);
        at = line_end + 2 + size + 2;
        if (size == 0) break;
      }
    }
    inbox.erase(0, at);
    ++requests_;
    handler_(exchange);
  }
}

}  // namespace luvcurl::spec
