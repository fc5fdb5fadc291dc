// Node's own fetch, which keeps a connection for each request in flight. It takes a certificate
// authority from the environment only, so it does no TLS here.

import { JSON_BODY, measure, readOptions } from './client.mjs';

const options = readOptions(`its undici ${process.versions.undici}`, ['down', 'post-json']);

const details = options.workload === 'post-json'
  ? { method: 'POST', body: JSON_BODY, headers: { 'content-type': 'application/json' } }
  : undefined;

async function exchange() {
  const response = await fetch(options.url, details);
  if (options.workload !== 'down') {
    return [response.status, (await response.text()).length];
  }
  let length = 0;
  for await (const chunk of response.body) length += chunk.length;
  return [response.status, length];
}

await measure(options, exchange);
