#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/curl/easy.h"
#include "core/curl/easy_user.h"
#include "core/loop/loop.h"
#include "core/transfer/body.h"
#include "core/transfer/flow.h"
#include "core/transfer/intake.h"
#include "core/transfer/owner.h"
#include "core/transfer/request.h"
#include "core/transfer/result.h"
#include "core/transfer/telling.h"
#include "core/transfer/unpacking.h"

namespace luvcurl {

/// One request on its way, from add to its final callback.
class Transfer final : public Announced, public EasyUser {
 public:
  enum class State {
    queued,   ///< not yet given to libcurl
    running,  ///< its turn has come: in a CURLM
    ended,    ///< outcome known, sink not yet told
    done      ///< sink told
  };

  /// `loop` lives as long as the owner.
  Transfer(std::shared_ptr<TransferOwner> owner, Loop &loop, Request request);

  // For the consumer; legal at any time.
  State state() const { return state_; }
  bool cancel();  ///< false when it had ended already
  void fail(CURLcode code, std::string_view message) noexcept;
  void shut_down() noexcept;  ///< fails by a name of its own
  void pause();               ///< no more bytes either way, and no calls of the sink but done
  void resume();
  /// Whether it is held back by pause(): what has ended well waits, a failure does not.
  bool paused() const { return flow_.is_paused() && !is_settled(); }
  bool is_settled() const;          ///< has failed, or told its sink that it is done
  void keep_loop_alive(bool keep);  ///< whether the loop stays alive for it; true at first
  std::string_view waiting() const { return intake_.waiting(); }
  /// Keeps waiting() readable, whatever happens to the transfer meanwhile.
  std::shared_ptr<const std::string> lend() const { return intake_.lend(); }
  /// How many bytes have been taken: another number means that waiting() is another.
  std::uint64_t position() const { return intake_.position(); }
  void take(std::size_t size);  ///< drops the oldest bytes of waiting() and lets libcurl go on
  /// Throws away what waits and all that comes; returns how many bytes, since the last call.
  std::uint64_t discard();
  void feed(std::size_t stream,
            std::string_view bytes);  ///< appends to a stream of the request's body
  void finish_feed(std::size_t stream);
  void size_of(std::size_t stream, std::int64_t size);  ///< of a held request, before ready()
  void ready();                                         ///< a held request may be queued

  // What is known of it.
  const Result &result() const { return *result_; }
  const Outcome &outcome() const { return result_->outcome; }
  const Headers &headers() const { return result_->headers; }
  const Summary &summary() const { return result_->summary; }
  const Progress &progress() const { return telling_.counts(); }
  std::string url() const;  ///< the last URL, without credentials
  /// What outlives it. For its sink, when it has been told of the end; nobody may ask afterwards.
  /// Throws std::bad_alloc, and has released nothing then.
  std::unique_ptr<Result> release_result();
  CURL *easy() const { return easy_ ? easy_->handle.get() : nullptr; }
  bool streams() const { return request_.streaming; }
  std::string_view body() const { return intake_.collected().view(); }
  void drop_body() { intake_.drop_collected(); }
  /// The sink could not take the outcome.
  void fail_late(CURLcode code) { result_->outcome.code = code; }

  // For its owner and its carrier.
  const Request &request() const { return request_; }
  bool start(std::string *error);       ///< sets up the handle, before a carrier takes it
  void finish(CURLcode code) noexcept;  ///< libcurl is through with it
  Carrier *carrier() const { return carrier_; }
  void carried_by(Carrier *carrier) { carrier_ = carrier; }
  void leaving() const noexcept;  ///< it is about to be removed from its CURLM
  void abandon() noexcept;        ///< ends without a word to its sink
  /// The loop time at which its timeouts are to be looked at next; UINT64_MAX for never.
  std::uint64_t next_look(std::uint64_t now) const;
  void check_deadline(std::uint64_t now);
  std::uint64_t started_at() const { return started_at_; }
  std::size_t place() const { return place_; }  ///< in its owner's list
  void keep_place(std::size_t place) { place_ = place; }
  /// Whether it is counted among those that have a connection each.
  bool takes_descriptor() const { return takes_descriptor_; }
  void takes_descriptor(bool takes) { takes_descriptor_ = takes; }

  // For Loop: makes libcurl hold what it should, and tells the sink what is due.
  void tell() override;
  bool is_fast() const override { return owner_->is_fast(); }

  // For a step of its body's unpacking that was done on another thread.
  void unfolded(std::string_view bytes, bool out_of_memory) noexcept;

  // For libcurl's callbacks.
  std::size_t on_write(const char *bytes, std::size_t size) override;
  bool on_header(std::string_view line) override;
  std::size_t on_read(std::size_t stream, char *out, std::size_t size) override;
  bool on_seek(std::size_t stream, std::int64_t offset) override;
  void on_progress(const Progress &progress) override;
  void on_socket(curl_socket_t fd, int error) override;
  void on_goodbye() noexcept override;
  void out_of_memory() noexcept override;

 private:
  std::shared_ptr<Transfer> self() {
    return std::static_pointer_cast<Transfer>(shared_from_this());
  }
  void announce() noexcept { loop_.announce(*this); }
  void tell_of(Telling::Due due) noexcept;
  bool take_in(const char *bytes, std::size_t size);
  void end(CURLcode code, std::string message);
  void take_summary(CURLcode code);
  std::string current_url() const;
  bool met_dead_connection(CURLcode code) const;
  bool can_start_again() const;  // what was sent of the body can be sent once more
  void start_again();            // over a new connection
  void start_over();
  int os_error(CURLcode code) const;
  bool may_get_descriptor();  // by a further try, after it was refused
  void end_by(CURLcode code);
  bool is_line_too_long() const;  // though libcurl calls it want of memory
  const char *what_was_missed(CURLcode *code) const;
  bool may_have_counted() const;
  bool leaves_traces() const;  // in its handle
  void tell_end();
  void report();               // progress
  void ask_source();           // for more of the stream that libcurl reads
  void apply_flow() noexcept;  // makes libcurl hold what it should
  bool is_acceptable(Headers::Line kind, std::string_view line, long status_before);
  bool is_agreed_on(std::string_view status_line, long status_before) const;
  bool asked_to_switch() const;
  bool says_upgrade() const;
  bool is_unanswered() const;  // though libcurl has ended it well
  bool may_be_trial() const;
  bool is_final_response() const;
  void response_is_in();
  bool is_allowed(std::size_t more);
  bool may_hold() const;
  void let_others_work();
  bool more_is_to_come() const;
  void tell_first();  // the sink, before libcurl reads on
  void begin_unpacking();
  std::size_t unpack(const char *bytes, std::size_t size);
  bool is_unpacking() const;  // what has come packed is not all out
  std::size_t room() const;
  void unfold(std::uint64_t time) noexcept;  // for as long, in ns
  void unfold_until(std::uint64_t until);
  bool take_unfolded(std::string_view bytes);
  void all_unfolded();
  std::size_t read_bytes(char *out, std::size_t size);
  bool is_uploading() const;
  Phase phase_reached(CURLcode code) const;
  Course course() const;
  std::uint64_t next_deadline() const;  // of luvcurl's own timeouts, UINT64_MAX for none
  bool may_be_forgotten() const;        // by libcurl: it has to be reminded of this transfer
  void remind() noexcept;

  std::shared_ptr<TransferOwner> owner_;
  Loop &loop_;
  Request request_;
  std::unique_ptr<Easy> easy_;
  Carrier *carrier_ = nullptr;
  State state_ = State::queued;
  std::unique_ptr<Result> result_ = std::make_unique<Result>();
  Steps before_;  // what was timed when the last answer came that led on
  Flow flow_;
  Telling telling_;
  Intake intake_;
  std::unique_ptr<Unpacking> unpacking_;  // where the body came packed
  std::vector<Outbox> outboxes_;          // one for each stream of the request's body
  std::size_t reading_ = 0;               // the stream that libcurl reads now
  std::size_t bytes_read_ = 0;            // of request_.bytes, where libcurl asks for them
  std::size_t work_ = 0;                  // done for the body since libcurl was let go on
  std::uint64_t added_at_ = 0;            // loop time, ms
  std::uint64_t started_at_ = 0;
  std::uint64_t heard_at_ = 0;  // of the last byte of body
  std::size_t place_ = 0;
  std::uint64_t refused_at_ = 0;  // the first time that the system had no descriptor for it
  int refused_by_ = 0;            // errno: no socket for the request under way
  bool takes_descriptor_ = false;
  bool response_in_ = false;
  bool second_try_ = false;
  bool holds_loop_ = false;
  bool rewinding_ = false;  // a source is being told to
};

}  // namespace luvcurl
