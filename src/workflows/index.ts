/** Every workflow of the product; the bundle is made from this file. */
export { runCommand } from './run-command';
export { watchRegion } from './watch-region';
export { patrolRegion } from './patrol-region';
export { handleSystemEvent } from './handle-system-event';
export { reportSystemEvents } from './report-system-events';
export { drillSystemEvent } from './drill-system-event';
export { gate } from './gate';
export { relaunchSpotInstance } from './relaunch-spot-instance';
export { launchSpotInstance } from './launch-spot-instance';
export { discardSpotCopies } from './discard-spot-copies';
export { warmSpotImage } from './warm-spot-image';
export { reportSpot } from './report-spot';
export { drillSpotReclaim } from './drill-spot-reclaim';
export { previewRun } from './preview-run';
export { startInstancesByTag, stopInstancesByTag } from './by-tag';
export { applyWorkingHours } from './apply-working-hours';
export { workingHours } from './working-hours';
export { reportWorkingHours } from './report-working-hours';
