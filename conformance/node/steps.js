'use strict';
// Runs the steps of a scenario and reports each in a line, as the runner reads it.

const { isDeepStrictEqual } = require('node:util');

let failed = false;

class Surprise extends Error {}

async function step(name, run) {
  try {
    await run();
    process.stdout.write(`ok ${name}\n`);
  } catch (e) {
    failed = true;
    process.stderr.write(`${e.stack}\n`);
    process.stdout.write(`FAILED ${name}: ${String(e.message).replace(/\s+/g, ' ')}\n`);
  }
}

function equal(what, got, want) {
  if (!isDeepStrictEqual(got, want)) {
    throw new Surprise(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
  }
}

// refused makes a call that has to throw an error with a code, and returns the error.
async function refused(code, call) {
  let got;
  try {
    got = await call();
  } catch (e) {
    equal(`the code of ${e.message}`, e.code, code);
    return e;
  }
  throw new Surprise(`it is not refused, but answers ${JSON.stringify(got)}`);
}

// env is what the runner tells: URL, CORPID, or APP_APPKEY and APP_APPSECRET of an app.
function env(name) {
  const value = process.env[`CONFORMANCE_${name}`];
  if (value === undefined) {
    throw new Error(`CONFORMANCE_${name} is not set`);
  }
  return value;
}

// main runs a scenario and ends the program with the exit code that says how it went.
function main(scenario) {
  scenario().catch((e) => {
    failed = true;
    process.stderr.write(`${e.stack}\n`);
  }).finally(() => process.exit(failed ? 1 : 0));
}

module.exports = { Surprise, step, equal, refused, env, main };
