// What the clients in JavaScript share: their command line, the check of each answer, and the
// measurement.

import { readFileSync } from 'node:fs';
import process from 'node:process';

// What `post-json` sends: 1024 bytes.
export const JSON_BODY = `{"text":"${'x'.repeat(1013)}"}`;

const NUMBERS = new Set(['requests', 'inFlight']);
const TEXTS = new Set(['url', 'workload', 'cacert']);

function parse(args) {
  const options = { workload: 'get', http2: false };
  for (let i = 0; i < args.length; i += 1) {
    const key = args[i] === '--in-flight' ? 'inFlight' : args[i].slice(2);
    if (key === 'http2') options.http2 = true;
    else if (NUMBERS.has(key)) options[key] = Number(args[++i]);
    else if (TEXTS.has(key)) options[key] = args[++i];
    else throw new Error(`unknown argument ${args[i]}`);
  }
  if (!options.url || !options.requests || !options.inFlight) {
    throw new Error('--url, --requests and --in-flight are needed');
  }
  return options;
}

// The command line; ends the process with 3 where it asks for what the client cannot do, and with
// the version printed after --version. `can` has workloads other than get, 'http2' and 'tls'.
export function readOptions(version, can) {
  if (process.argv[2] === '--version') {
    console.log(`${version}, Node ${process.version}`);
    process.exit(0);
  }
  const options = parse(process.argv.slice(2));
  const wanted = [options.workload];
  if (options.http2) wanted.push('http2');
  if (options.url.startsWith('https:')) wanted.push('tls');
  const lacking = wanted.find((what) => what !== 'get' && !can.includes(what));
  if (lacking) {
    console.error(`no ${lacking}`);
    process.exit(3);
  }
  return options;
}

// The length of the first body of the process, which all others must have too. Bodies are ASCII, so
// a string has as many units as the body has bytes.
let expected;

// Checks the answers of a run and says how many more to start.
class Tally {
  constructor(requests) {
    this.left = requests;
    this.failed = 0;
    this.bytes = 0;
  }

  // Claims the next request, where one is left.
  start() {
    if (this.left === 0) return false;
    this.left -= 1;
    return true;
  }

  // Records how a request ended.
  done(status, length, why) {
    if (status === 200) {
      expected ??= length;
      this.bytes += length;
    }
    if (status !== 200 || length !== expected) {
      if (this.failed === 0) console.error(`failed: status ${status}, ${length} bytes, ${why}`);
      this.failed += 1;
    }
  }
}

// In kB, of this program: getrusage's would count what ran in the process before exec.
function peakMemory() {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
}

// `exchange` makes one request and returns [status, length of the body].
async function work(tally, exchange) {
  while (tally.start()) {
    try {
      const [status, length] = await exchange();
      tally.done(status, length);
    } catch (error) {
      tally.done(undefined, undefined, error.cause ?? error);
    }
  }
}

function run(tally, exchange, inFlight) {
  return Promise.all(Array.from({ length: inFlight }, () => work(tally, exchange)));
}

// Warms up, measures, prints the result and ends the process.
export async function measure(options, exchange) {
  const { requests, inFlight } = options;
  await run(new Tally(Math.min(requests, inFlight)), exchange, inFlight);
  const tally = new Tally(requests);
  const usage = process.resourceUsage();
  const began = process.hrtime.bigint();
  await run(tally, exchange, inFlight);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(JSON.stringify({
    requests,
    failed: tally.failed,
    seconds,
    user: (userCPUTime - usage.userCPUTime) / 1e6,
    system: (systemCPUTime - usage.systemCPUTime) / 1e6,
    max_rss_kb: peakMemory(),
    bytes: tally.bytes,
  }));
  process.exit(0);
}
