/** The simulator's program as it is now: compiled file by file into a temporary directory. */
import { transformFileSync } from '@swc/core';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');

/** Compiles `simulator/` into `directory` and returns the path of its `main.js`. */
export function compileSimulator(directory: string): string {
  for (const file of readdirSync(join(ROOT, 'simulator'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const out = join(directory, 'simulator', file.replace(/\.ts$/, '.js'));
    const { code } = transformFileSync(join(ROOT, 'simulator', file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
      configFile: false,
      swcrc: false,
    });
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, code);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'dir');
  return join(directory, 'simulator', 'main.js');
}
