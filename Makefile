# make help tells the targets. Each installs the Debian packages that it misses (tools/deps.sh);
# with NO_INSTALL=1 it says which, and stops.

PREFIX ?= /usr/local
DESTDIR ?=
RELEASE := build/release

.DEFAULT_GOAL := build
.PHONY: build demo test test-trixie spec check torture soak fuzz tsan valgrind faults bench bench-guard format lint lint-lua \
  laws rooms install clean help

build: ## build the module into build/release
	@tools/deps.sh build
	@tools/build.sh release

demo: ## run the example against an HTTP server on luv and a TLS nginx, on loopback
	@tools/deps.sh demo
	@tools/build.sh release
	@tools/demo.sh

test: ## build for every Lua and run all specs in every host
	@tools/deps.sh test
	@tools/build.sh -DLUVCURL_TESTS=ON release
	@tools/build.sh lua5.3 lua5.4
	@tools/test.sh hosts

test-trixie: ## as root: build and run all specs in a Debian 13 of its own (HOSTS='luajit nvim': in some hosts)
	@tools/deps.sh trixie
	@tools/trixie.sh

spec: ## run FILE=… (a spec or a folder of them; all without) in HOST=luajit, by FILTER=… names, on what is built
	@luajit spec/run.lua --build $(RELEASE) --host $(or $(HOST),luajit) $(if $(FILTER),--filter '$(FILTER)') $(FILE)

check: ## what CI runs: format, lint, laws, then all specs, also under sanitizers and a pressed collector
	@tools/deps.sh check
	@tools/build.sh -DLUVCURL_TESTS=ON -DLUVCURL_WERROR=ON release asan asan-lua5.4
	@tools/build.sh -DLUVCURL_WERROR=ON lua5.3 lua5.4 fuzz # what fuzzes has to compile, too
	@$(MAKE) --no-print-directory laws lint
	@tools/test.sh sanitized hosts pressure torture # what takes longest first

torture: ## fail each allocation of luvcurl, libcurl and Lua in its turn (TORTURE_STEP=n: each n-th)
	@tools/deps.sh torture
	@tools/build.sh -DLUVCURL_TESTS=ON asan-lua5.4
	@luajit spec/run.lua --build build/asan --host lua5.4 --timeout 3600 spec/torture/torture.lua

soak: ## 200,000 requests of all kinds and faults (SOAK_REQUESTS=n, SOAK_SEED=n): nothing may grow; a monkey
	@tools/deps.sh test
	@tools/build.sh release asan
	@luajit spec/run.lua --build build/release --timeout 3600 spec/soak/soak.lua
	@luajit spec/run.lua --build build/asan --asan --timeout 3600 --filter monkey spec/soak/soak.lua

fuzz: ## fuzz all that parses, FUZZ_SECONDS=60 each, then with answers of a mad server (FUZZ_SEED=n)
	@tools/deps.sh fuzz
	@tools/build.sh fuzz
	@tools/fuzz.sh
	@tools/build.sh -DLUVCURL_TESTS=ON asan-lua5.4
	@luajit spec/run.lua --build build/asan --host lua5.4 --asan --timeout 3600 fuzz/server.lua

tsan: ## run the specs with threads under ThreadSanitizer
	@tools/deps.sh check
	@tools/build.sh tsan
	@tools/tsan.sh

valgrind: ## run the specs in which memory moves under memcheck, in Lua 5.4
	@tools/deps.sh valgrind
	@tools/build.sh lua5.4
	@tools/valgrind.sh

bench: ## measure luvcurl beside C++ and other clients, on this machine (ONLY=, ROUNDS=; bench/README.md)
	@tools/deps.sh bench
	@tools/build.sh -DLUVCURL_BENCH=ON release
	@bench/peers/prepare.sh
	@LUVCURL_BUILD=$(RELEASE) luajit bench/run.lua $(if $(ONLY),--only $(ONLY),--output bench/results/latest.json)

bench-guard: ## count instructions and system calls per request against the committed ones (UPDATE=1 keeps the new)
	@tools/deps.sh bench
	@tools/build.sh -DLUVCURL_BENCH=ON release
	@LUVCURL_BUILD=$(RELEASE) luajit bench/guard.lua $(if $(UPDATE),--update)

faults: ## write docs/FAULTS.md anew from what the specs see
	@tools/deps.sh test
	@tools/build.sh release
	@WRITE_FAULTS=1 luajit spec/run.lua --build $(RELEASE) spec/call/fault_table_spec.lua

format: ## format the C and C++ sources in place
	@tools/deps.sh check
	@tools/sources.sh | xargs -r clang-format -i

lint: ## check the format of C and C++, and lint it and the Lua
	@tools/deps.sh check
	@tools/build.sh release
	@tools/lint.sh

lint-lua: ## lint the Lua alone
	@tools/deps.sh lint-lua
	@tools/lint.sh lua

laws: ## check what the design asks of every file
	@tools/laws.sh $(RELEASE)

rooms: ## draw docs/rooms.svg anew from what the code includes and requires
	@tools/deps.sh rooms
	@luajit tools/rooms.lua draw | dot -Tsvg > docs/rooms.svg

install: ## install below DESTDIR and PREFIX, for Lua 5.1 and LuaJIT
	@tools/deps.sh build
	@tools/build.sh release
	@DESTDIR='$(DESTDIR)' cmake --install $(RELEASE) --prefix '$(abspath $(PREFIX))'

clean: ## remove all that was built
	rm -rf build build.luarocks

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
