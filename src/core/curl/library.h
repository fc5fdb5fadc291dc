#pragma once

/// Libraries that the process has loaded, and what is in them.
namespace luvcurl::library {

/// The one that a function lies in, for find(); nullptr when that cannot be told.
void *of(void *function) noexcept;

/// Opens one by its name, for good; nullptr when there is none.
void *open(const char *name) noexcept;

/// A function of a library, or of those that it was linked to; nullptr when there is none.
void *find(void *library, const char *name) noexcept;

}  // namespace luvcurl::library
