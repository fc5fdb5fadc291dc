#pragma once

namespace luvcurl {

struct Easy;
class Interest;

namespace callbacks {

/// Sets libcurl's callbacks on a handle. They note what happened in the transfer's buffers and flags and
/// do nothing else: no script runs inside libcurl. `interest` must outlive every connection, since
/// libcurl opens and closes sockets with the pointers of whichever handle came first.
void install(Easy &easy, Interest &interest) noexcept;

/// Turns progress reports on or off.
void report_progress(Easy &easy, bool on) noexcept;

}  // namespace callbacks
}  // namespace luvcurl
