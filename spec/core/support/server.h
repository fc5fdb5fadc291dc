#pragma once

#include <uv.h>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace luvcurl::spec {

/// One request that the server has read, and the way to answer it.
class Exchange {
 public:
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::size_t connection = 0;  ///< number of the connection, from 1

  /// Writes bytes as they are.
  void send(const std::string &bytes) const;

  /// Writes a whole response with Content-Length.
  void reply(int status, const std::string &content, const std::string &more_headers = {}) const;

  /// Closes the connection once all that was sent is written.
  void close() const;

 private:
  friend class Server;
  struct Connection;
  std::weak_ptr<Connection> connection_;
};

/// An HTTP/1.1 server on the loop under test: nothing blocks, and its handles do not keep the loop
/// alive. Must die before the loop is closed.
class Server {
 public:
  using Handler = std::function<void(Exchange &)>;

  Server(uv_loop_t *loop, Handler handler);
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  /// "http://127.0.0.1:port" and the target.
  std::string url(const std::string &target = "/") const;

  std::size_t connections() const { return accepted_; }
  std::size_t requests() const { return requests_; }
  /// Most requests that were answered or waited at the same time on open connections.
  std::size_t open() const { return connections_.size(); }

  /// Closes every connection, as a server does that restarts.
  void drop_connections();

 private:
  using Connection = Exchange::Connection;

  static void on_connection(uv_stream_t *listener, int status);
  static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer);
  void parse(const std::shared_ptr<Connection> &connection);
  void forget(const Connection *connection);

  uv_tcp_t *listener_;
  Handler handler_;
  std::list<std::shared_ptr<Connection>> connections_;
  std::size_t accepted_ = 0;
  std::size_t requests_ = 0;
  int port_ = 0;
};

}  // namespace luvcurl::spec
