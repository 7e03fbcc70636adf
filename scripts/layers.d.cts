/** Types of layers.cjs, for the tests. */
import type { ESLint } from 'eslint';

export interface Layer {
  uses?: string[];
  types?: string[];
  packages?: string[];
  node?: boolean;
}
export const LAYERS: Record<string, Layer>;
export function layerOf(path: string): string | undefined;
export function violation(file: string, source: string, typeOnly: boolean): string | undefined;
export const plugin: ESLint.Plugin;
