---@meta
-- The C side, as lua/luvcurl sees it. Private: scripts use `require 'luvcurl'`.

---@class luvcurl.Version
---@field luvcurl string
---@field libcurl string
---@field luv string|nil
---@field libuv string
---@field ssl string|nil
---@field ca_file string|nil  where libcurl looks for the certificates of authorities by itself
---@field ca_path string|nil  the same, a folder
---@field protocols string[]
---@field features string[]

---@class luvcurl.Options  an immutable set of libcurl options

---@class luvcurl.Stats
---@field in_flight integer  transfers
---@field queued integer     transfers
---@field finished integer   transfers
---@field failed integer     transfers
---@field opened integer     connections
---@field reused integer     connections
---@field sent integer       bytes
---@field received integer   bytes
---@field lanes integer
---@field longest_turn number  ms that one iteration of the loop has worked at most, callbacks included

---@class luvcurl.Timings  milliseconds since the transfer was added, each until the end of its step
---@field queue number
---@field resolve number
---@field connect number
---@field tls number
---@field send number
---@field wait number
---@field total number
---@field redirect number

--- What the C side calls, outside libcurl, on luv's main state. Metatables are honoured. An error
--- in any but `done` fails the transfer with ABORTED_BY_CALLBACK.
---@class luvcurl.Sink
---@field done fun(self, t: luvcurl.Transfer, code: integer, status: integer, body: string|nil)
---  exactly once, last; code 0 is success; an error raised here goes to the host
---@field response? fun(self, t: luvcurl.Transfer)  the final response's headers are in
---@field data? fun(self, t: luvcurl.Transfer)  bytes wait; without it the body is collected for done
---@field read? fun(self, t: luvcurl.Transfer)  upload bytes run low; answer by t:feed, now or later
---@field rewind? fun(self, t: luvcurl.Transfer)  the upload starts anew; without it, it cannot
---@field prepare? fun(self, t: luvcurl.Transfer)  its presence has the transfer wait for t:ready();
---  called by whoever added it
---@field progress? fun(self, t, down: number, down_total: number, up: number, up_total: number)
---@field max_body? integer     bytes, decompressed
---@field high_water? integer   bytes that may wait to be taken; 1 MiB by default
---@field first_byte? integer   ms from the start to the headers
---@field timeout? integer      ms from add to done, the queue included
---@field idle? integer         ms without a byte of the body
---@field upload_size? integer  bytes, if known

--- A part of a form: one of data, stream and parts.
---@class luvcurl.CorePart
---@field name? string
---@field filename? string
---@field type? string
---@field encoder? string
---@field headers? string[]  lines
---@field data? string
---@field stream? true       fed by Transfer:feed; streams count from 1 in their order
---@field size? integer      of the stream, in bytes, if known
---@field parts? luvcurl.CorePart[]

---@class luvcurl.Leash  ends the transfer that it holds when it is collected
local Leash = {}

---@param t luvcurl.Transfer
function Leash:hold(t) end

---@class luvcurl.CoreMulti
local CoreMulti = {}

--- Raises an error when the options, the URL or the sink are not valid or the Multi is closed.
---@param options luvcurl.Options
---@param url string
---@param sink luvcurl.Sink
---@param body? string|luvcurl.CorePart[]  the whole body, or a form
---@return luvcurl.Transfer
function CoreMulti:add(options, url, sink, body) end

--- Ends every transfer; their sinks are told.
function CoreMulti:close() end

---@return integer  in flight and queued
function CoreMulti:count() end

---@return boolean
function CoreMulti:closed() end

--- Ends what can no longer go on because the host closed luvcurl's handles.
---@return boolean  whether the loop can run on
function CoreMulti:check() end

---@return luvcurl.Stats
function CoreMulti:stats() end

--- One request on its way. Everything may be called at any time, from any callback.
---@class luvcurl.Transfer
local Transfer = {}

--- Ends it with ABORTED_BY_CALLBACK; its callback is told later.
---@return boolean  whether it was still under way
function Transfer:cancel() end

--- No bytes either way, and no callbacks, until resume(): not even the last one when all has been
--- done meanwhile. A failure, a timeout and cancel() are told at once.
function Transfer:pause() end

function Transfer:resume() end

---@return 'queued'|'running'|'paused'|'done'
function Transfer:state() end

--- Keeps the loop alive until it is done: so it is from the start.
function Transfer:ref() end

--- Lets the loop end before it is done.
function Transfer:unref() end

--- One of libcurl's facts (CURLINFO_*) by its name in lower case: 'primary_ip', 'num_connects'.
---@param name string
---@return any
function Transfer:info(name) end

--- Bytes of a streamed body that wait, oldest first; nil when there are none now.
---@param max? integer  bytes; 124 KB by default
---@return string|nil
function Transfer:take(max) end

--- Throws away what waits of a streamed body and all that comes.
---@return integer bytes  thrown away since the last call
function Transfer:discard() end

--- More of the request's body; nil at its end. Only when the sink has `read`.
---@param chunk string|nil
---@param stream? integer  which stream of the body, from 1; a form may have several
function Transfer:feed(chunk, stream) end

--- Says how long a stream of the body is, while the sink prepares.
---@param bytes integer
---@param stream? integer  from 1
function Transfer:size(bytes, stream) end

--- The sink is prepared: the transfer may go on its way. It waits for this only when the sink had
--- `prepare` when it was added.
function Transfer:ready() end

--- Ends it with this message.
---@param message string
---@param code? integer  libcurl's number; ABORTED_BY_CALLBACK by default
function Transfer:fail(message, code) end

--- Why it failed.
---@return string name     libcurl's, without CURLE_
---@return string message
---@return string phase    queue, resolve, connect, tls, send, wait or body
---@return integer code
function Transfer:failure() end

---@return integer  0 while there is none
function Transfer:status() end

---@return string  the last URL, without credentials
function Transfer:url() end

---@return '1.0'|'1.1'|'2'|'3'|nil
function Transfer:http_version() end

---@return string|nil
function Transfer:reason() end

---@param kind? 'header'|'trailer'|'1xx'|'connect'
---@param hop? integer  -1 (default) is the last response, 0 the first
---@return string[]  name1, value1, name2, value2, …
function Transfer:headers(kind, hop) end

--- The redirects before the last response; `response` is what headers() takes.
---@return {status: integer, url: string, response: integer}[]
---@return integer last  the number of the last response: a hop of that number led nowhere
function Transfer:hops() end

---@return luvcurl.Timings
function Transfer:timings() end

local core = {}

---@return luvcurl.Version
function core.version() end

--- How an option's value is given; 'owned' for those that luvcurl keeps to itself.
---@param name string  libcurl's, in lower case
---@return 'number'|'size'|'string'|'list'|'blob'|'owned'|nil
function core.option_kind(name) end

--- Whether the loaded libcurl and its TLS library take these options.
---@param options luvcurl.Options
---@return boolean
function core.accepts(options) end

---@return string[]
function core.option_names() end

---@return string[]
function core.info_names() end

--- Raises "option 'x': expected …" when a value does not fit.
---@param list any[]  name1, value1, name2, value2, …, applied in this order
---@param of_environment? boolean  its proxy is the environment's for the URL's scheme
---@return luvcurl.Options
function core.options(list, of_environment) end

--- An absolute, normalized URL. Raises "url: …" when there is none.
---@param url string
---@param base? string
---@param query? string[]  name1, value1, …: percent-encoded and added
---@return string
function core.url(url, base, query) end

---@param text string
---@return string
function core.escape(text) end

---@param settings? luvcurl.MultiSettings
---@return luvcurl.CoreMulti
function core.multi(settings) end

--- Has sinks called by `schedule(fn)`, outside of the loop's callbacks, but those of fast Multis.
---@param schedule fun(fn: fun())
---@param report fun(message: any)  tells of an error that leaves a sink's `done`
---@param is_shut fun(): any  whether a script runs the loop, so that nothing scheduled is called
function core.call_elsewhere(schedule, report, is_shut) end

--- Tells the host of an error as of one that has left a callback of luv's, as it is.
---@param message string
function core.report(message) end

---@class luvcurl.Digest
local Digest = {}

---@param bytes string
function Digest:update(bytes) end

---@return string  in lower case; of all bytes so far, more may follow
function Digest:hex() end

---@return luvcurl.Digest
function core.sha256() end

return core
