/**
 * The check of a workflow's input, with the schemas the command line uses. A local activity: it costs one event, and
 * the schema library stays out of the workflow bundle, where every cached workflow would keep a copy of it.
 */
import {
  parseDrillInput,
  parseHandleSystemEventInput,
  parsePatrolInput,
  parseReportInput,
} from '../domain/event-input';
import type { InputError } from '../domain/messages';
import { formatInputErrors, parseRunCommandInput } from '../domain/run-command-input';

const PARSERS = {
  runCommand: parseRunCommandInput,
  handleSystemEvent: parseHandleSystemEventInput,
  patrolRegion: parsePatrolInput,
  reportSystemEvents: parseReportInput,
  drillSystemEvent: parseDrillInput,
};

export interface CheckActivities {
  /** Every error at once; `message` lists them for people. No errors: the input can be used as it is. */
  checkInput(request: {
    workflowType: keyof typeof PARSERS;
    input: unknown;
  }): Promise<{ errors: InputError[]; message: string }>;
}

export function createCheckActivities(): CheckActivities {
  return {
    checkInput: async ({ workflowType, input }) => {
      const parsed = PARSERS[workflowType](input);
      return parsed.ok
        ? { errors: [], message: '' }
        : { errors: parsed.errors, message: formatInputErrors(parsed.errors) };
    },
  };
}
