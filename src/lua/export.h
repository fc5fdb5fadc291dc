#pragma once

/// Marks what others find in a module by its name: all else in it is hidden.
#ifdef _WIN32
#define LUVCURL_EXPORT __declspec(dllexport)
#else
#define LUVCURL_EXPORT __attribute__((visibility("default")))
#endif
