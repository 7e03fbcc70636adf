/**
 * The one list of implemented actions. The rule: an action exists when it stands here, and only then.
 */
import type { Action } from '../core';
import { describeRegions, describeZones } from './regions';

/** Every implemented action. */
export const ACTIONS: readonly Action[] = [describeRegions, describeZones];
