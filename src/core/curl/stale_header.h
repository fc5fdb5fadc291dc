#pragma once

#include "core/curl/easy.h"
#include "core/curl/headers.h"

/// COMPAT libcurl 7.84 to 8.1.0: a handle remembers where the last header of its last transfer was,
/// which is freed by then. When the first header line of the next response begins with a space,
/// libcurl reads and reallocates it there (curl#11101): any server could end the process.
///
/// libcurl lets its debug callback see each header line before it looks at it itself. There, for
/// the first line after a status line, such a line is made one that libcurl refuses, as it refuses
/// it on a new handle.
namespace luvcurl::stale_header {

/// Makes ready a handle that has served a transfer. Returns false when it must not serve another.
bool guard(Easy &easy) noexcept;

/// A header line came, after libcurl has looked at it.
void line(Easy &easy, Headers::Line kind) noexcept;

}  // namespace luvcurl::stale_header
