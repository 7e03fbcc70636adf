/** Every workflow of the product; the bundle is made from this file. */
export { runCommand } from './run-command';
export { watchRegion } from './watch-region';
export { patrolRegion } from './patrol-region';
export { handleSystemEvent } from './handle-system-event';
export { reportSystemEvents } from './report-system-events';
export { drillSystemEvent } from './drill-system-event';
export { gate } from './gate';
