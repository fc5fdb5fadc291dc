"""aiohttp on asyncio's own loop: one session, as many tasks as there are requests in flight."""

import asyncio
import ssl

import aiohttp

from client import JSON, Measurement, Options, Tally, raise_file_limit

CHUNK = 256 * 1024
JSON_HEADERS = {"Content-Type": "application/json"}


async def body_length(response, options):
    if options.workload != "down":
        return len(await response.read())
    length = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        length += len(chunk)
    return length


async def work(session, options, tally):
    if options.workload == "post-json":
        method, more = session.post, {"data": JSON, "headers": JSON_HEADERS}
    else:
        method, more = session.get, {}
    while tally.start():
        try:
            async with method(options.url, **more) as response:
                tally.done(response.status, await body_length(response, options))
        except aiohttp.ClientError as error:
            tally.done(None, None, error)


async def run(session, options, tally):
    await asyncio.gather(*(work(session, options, tally) for _ in range(options.in_flight)))


async def main():
    raise_file_limit()
    options = Options(f"aiohttp {aiohttp.__version__}", "down", "post-json")
    context = ssl.create_default_context(cafile=options.cacert) if options.cacert else None
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0, ssl=context)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await run(session, options, Tally(min(options.requests, options.in_flight)))
        tally = Tally(options.requests)
        measurement = Measurement(tally)
        await run(session, options, tally)
        measurement.report()


asyncio.run(main())
