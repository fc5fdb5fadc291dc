-- What every supported Lua and LuaJIT have, and Neovim's `vim` for the code that asks for it.
std = 'lua51+lua53+lua54+luajit'
max_line_length = 100
max_cyclomatic_complexity = 15
read_globals = { 'vim' }
exclude_files = { 'build', 'build.luarocks' }
include_files = { '**/*.lua', 'rockspec/*.rockspec', '.luacheckrc' }

-- luvit's
files['examples'].read_globals = { 'process' }
files['spec'].std = '+busted'
files['fuzz'].std = '+busted'
files['spec'].max_cyclomatic_complexity = false
-- The host's init sets `arg`, as a Lua interpreter does
files['spec/hosts/luvi_like/init.lua'].globals = { 'arg' }
-- Annotations only: nothing there is meant to run
files['types'].ignore = { '111', '112', '113', '211', '212', '241', '631' }
files['rockspec'].std = 'rockspec'
