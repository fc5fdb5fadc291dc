# The room src/core/decode: the codings of bodies, each built where its library is found. It knows
# neither libcurl nor libuv. What is missing here luvcurl does not ask servers for, whatever the
# libcurl that it runs with could do.

find_package(ZLIB)
pkg_check_modules(LUVCURL_BROTLI IMPORTED_TARGET libbrotlidec)
pkg_check_modules(LUVCURL_ZSTD IMPORTED_TARGET libzstd)

add_library(luvcurl_decode STATIC
  src/core/decode/coding.cpp src/core/decode/decoder.cpp src/core/decode/unfolding.cpp)
target_include_directories(luvcurl_decode PUBLIC src)
target_link_libraries(luvcurl_decode PUBLIC luvcurl_options)

function(luvcurl_coding library found target names)
  if(NOT found)
    message(WARNING "${library} is not there: servers are not asked for ${names}")
    return()
  endif()
  string(TOUPPER "${library}" define)
  target_sources(luvcurl_decode PRIVATE "src/core/decode/${library}.cpp")
  target_compile_definitions(luvcurl_decode PRIVATE "LUVCURL_HAS_${define}")
  target_link_libraries(luvcurl_decode PRIVATE ${target})
endfunction()
luvcurl_coding(zlib "${ZLIB_FOUND}" ZLIB::ZLIB "gzip and deflate")
luvcurl_coding(brotli "${LUVCURL_BROTLI_FOUND}" PkgConfig::LUVCURL_BROTLI br)
luvcurl_coding(zstd "${LUVCURL_ZSTD_FOUND}" PkgConfig::LUVCURL_ZSTD zstd)
