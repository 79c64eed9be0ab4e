// All static checks, one after another; each tells its own faults, and all are told before the end.
import { spawnSync } from 'node:child_process';

const node = process.execPath;
const CHECKS = [
  ['types', [node, 'node_modules/typescript/bin/tsc', '--noEmit']],
  ['rules', [node, 'node_modules/oxlint/bin/oxlint', '--deny-warnings']],
  [
    'house',
    [node, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'src', 'demo', 'bench', '--config'],
  ],
  ['dead code', [node, 'node_modules/knip/bin/knip.js']],
  ['format', [node, 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.']],
];

const failed = CHECKS.filter(([name, [program, ...args]]) => {
  process.stderr.write(`· ${name}\n`);
  return spawnSync(program, args, { stdio: 'inherit' }).status !== 0;
});
if (failed.length > 0) {
  process.stderr.write(`Failed: ${failed.map(([name]) => name).join(', ')}\n`);
  process.exitCode = 1;
}
