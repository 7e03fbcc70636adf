/** Every workflow of the product; the bundle is made from this file. */
export { runCommand } from './run-command';
export { watchRegion } from './watch-region';
