-- A name look-up that takes long, for the specs of what it must not hold.
--
-- It is made slow in a child process, by a library that writes a jump to its own function over
-- libc's getaddrinfo: luvcurl opens libcurl deep-bound, so that a preloaded function of that name
-- would not be found.

local child = require 'spec.support.child'
local helper = require 'spec.support.helper'
local process = require 'spec.support.process'

local slow_lookup = {}

local SLOW_LOOKUP = [[
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int slow(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
  (void)node, (void)service, (void)hints, (void)result;
  usleep(3000000);
  return EAI_AGAIN;
}

static void redirect(void *from, void *to) {
#if defined(__x86_64__)
  /* mov rax, to; jmp rax */
  unsigned char code[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
  memcpy(code + 2, &to, sizeof to);
#elif defined(__aarch64__)
  uint32_t code[4] = {0x58000050, 0xd61f0200}; /* ldr x16, to; br x16 */
  memcpy(code + 2, &to, sizeof to);
#else
#error "no jump known for this processor"
#endif
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  char *start = (char *)((uintptr_t)from & ~(page - 1));
  mprotect(start, 2 * page, PROT_READ | PROT_WRITE | PROT_EXEC);
  memcpy(from, code, sizeof code);
  mprotect(start, 2 * page, PROT_READ | PROT_EXEC);
  __builtin___clear_cache((char *)from, (char *)from + sizeof code);
}

__attribute__((constructor)) static void begin(void) {
  void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  redirect(dlsym(libc, "getaddrinfo"), (void *)&slow);
}
]]

-- Ticks every millisecond while a look-up is under way, cancels it or lets it time out, and prints
-- the error and the longest time that the loop was held.
local SCRIPT = [[
local curl = require 'luvcurl'
local uv = package.loaded.luv or package.loaded.uv or vim and vim.loop or require 'luv'
local began = uv.hrtime()
local last, longest, ticks = began, 0, 0
local tick = uv.new_timer()
tick:start(1, 1, function()
  local now = uv.hrtime()
  longest, last, ticks = math.max(longest, now - last), now, ticks + 1
end)
uv.update_time()
local t, cancelled_at
t = curl.get('http://slow.example/', { timeout = tonumber(arg[2]) }, function(err)
  local now = uv.hrtime()
  local stop = uv.new_timer()
  stop:start(100, 0, function() -- so that what happens right after the end is measured too
    print(('%s %s'):format(err.name, err.phase))
    print(('after %.0f ms, longest %.0f ms, %d ticks'):format((now - (cancelled_at or began)) / 1e6,
      longest / 1e6, ticks))
    tick:close()
    stop:close()
    done = true
  end)
end)
if arg[1] ~= '' then
  local timer = uv.new_timer()
  timer:start(tonumber(arg[1]), 0, function()
    cancelled_at = uv.hrtime()
    t:cancel()
    timer:close()
  end)
end
if vim then
  vim.wait(10000, function() return done end, 1)
elseif not package.loaded.uv then
  uv.run()
end
]]

local library

--- The library that makes them slow, to be preloaded.
---@return string path
function slow_lookup.library()
  if not library then
    local dir = process.temp_dir('slow')
    local source = process.write_file(dir .. '/slow.c', SLOW_LOOKUP)
    library = dir .. '/slow.so'
    local compiler = process.find('cc', 'gcc')
    local status = os.execute(("'%s' -O1 -shared -fPIC -o '%s' '%s' -ldl"):format(compiler, library,
      source))
    assert(status == 0 or status == true, 'cannot build the slow look-up')
  end
  return library
end

--- Looks a name up in a process of its own, which takes 3 s and then fails. Must not be called in
--- helper.run.
---@param cancel_ms string when to cancel it, or ''
---@param timeout_ms string the request's timeout, or ''
---@return ChildResult result
---@return { name: string, phase: string } err
---@return number after ms from the start, or from the cancel, to the error
---@return number longest ms that the loop was held
---@return number ticks of a timer of one millisecond
function slow_lookup.run(cancel_ms, timeout_ms)
  local result
  helper.run(function()
    result = child.run(SCRIPT, { args = { cancel_ms, timeout_ms },
      preload = slow_lookup.library() })
  end, child.DEADLINE)
  assert(result.code == 0 and result.signal == 0 and not result.late, result.err)
  local text = result.out .. result.err -- Neovim prints to stderr
  local name, phase, after, longest, ticks = text:match(
    '(%u[%u_]+) (%l+)\r?\nafter (%d+) ms, longest (%d+) ms, (%d+) ticks')
  assert(name, text)
  return result, { name = name, phase = phase }, tonumber(after), tonumber(longest), tonumber(ticks)
end

--- Removes what run() has built.
function slow_lookup.clean()
  if library then
    process.remove_tree(library:match('^(.*)/'))
    library = nil
  end
end

return slow_lookup
