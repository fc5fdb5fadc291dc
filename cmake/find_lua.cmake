# luvcurl_find_lua(LUA FOLDER LIBRARIES): the folder of a Lua's headers (luajit, lua5.1, lua5.3, …),
# and what a program that is its host links, by pkg-config, which knows them by other names on each
# system.
function(luvcurl_find_lua lua folder_of libraries_of)
  set(names ${lua})
  if(lua MATCHES "^lua5\\.([0-9])$")
    set(minor ${CMAKE_MATCH_1})
    # Debian, Alpine; FreeBSD; Arch; Fedora, macOS, and whoever builds it
    list(APPEND names lua-5.${minor} lua5${minor} lua)
  endif()
  pkg_search_module(LUVCURL_LUA_PC REQUIRED ${names})
  set(found "${LUVCURL_LUA_PC_INCLUDEDIR}")
  foreach(folder ${LUVCURL_LUA_PC_INCLUDE_DIRS})
    if(EXISTS "${folder}/lua.h")
      set(found "${folder}")
    endif()
  endforeach()
  file(STRINGS "${found}/lua.h" lines REGEX "define[ \t]+LUA_VERSION_(NUM|MINOR_N)[ \t]+[0-9]")
  if(minor AND NOT lines MATCHES "(NUM[ \t]+50|MINOR_N[ \t]+)${minor}")
    message(FATAL_ERROR "${found}/lua.h, which pkg-config told of, is not that of ${lua}")
  endif()
  set(${folder_of} "${found}" PARENT_SCOPE)
  set(${libraries_of} "${LUVCURL_LUA_PC_LINK_LIBRARIES}" PARENT_SCOPE)
endfunction()
