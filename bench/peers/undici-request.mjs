// undici's `request` on an Agent with as many connections as there are requests in flight, or with
// one and as many streams where it is HTTP/2.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Agent, request } from 'undici';
import { JSON_BODY, measure, readOptions } from './client.mjs';

const { version } = createRequire(import.meta.url)('undici/package.json');
const options = readOptions(`undici ${version}`, ['down', 'post-json', 'http2', 'tls']);

const dispatcher = new Agent({
  connections: options.http2 ? 1 : options.inFlight,
  pipelining: options.http2 ? options.inFlight : 1,
  allowH2: options.http2,
  maxConcurrentStreams: options.http2 ? options.inFlight : undefined,
  connect: options.cacert ? { ca: readFileSync(options.cacert) } : undefined,
});
const details = options.workload === 'post-json'
  ? { dispatcher, method: 'POST', body: JSON_BODY, headers: { 'content-type': 'application/json' } }
  : { dispatcher };

async function exchange() {
  const { statusCode, body } = await request(options.url, details);
  if (options.workload !== 'down') return [statusCode, (await body.text()).length];
  let length = 0;
  for await (const chunk of body) length += chunk.length;
  return [statusCode, length];
}

await measure(options, exchange);
