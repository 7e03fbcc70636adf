/**
 * `workingHours`: what is agreed about one schedule of working hours: definition, overrides with an end, audit, and what
 * its last actions did. Started by `steward hours create`; the Temporal Schedules read it when they act.
 *
 * Promise: an override ends at its time whatever happens meanwhile; every change leaves a line of audit. Never ends;
 * `steward hours delete` terminates it. It starts and stops nothing itself.
 * Updates: override, lift, edit. Signal: hoursRan.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { WORKING_HOURS } from '../domain/hours-messages';
import type { WorkingHours } from '../domain/hours-messages';
import {
  HOURS_LOOKED_SIGNAL,
  HOURS_RAN_SIGNAL,
  HOURS_UPDATES,
  MAX_NAMED,
  MAX_OVERRIDES,
  attentionOf,
  expire,
  isHoursLook,
  isHoursRun,
  namedBy,
  overrideErrors,
  overrideText,
  withAudit,
  withLook,
  withRun,
} from '../domain/hours-state';
import type { HoursLook, HoursRun, NewOverride, WorkingHoursState } from '../domain/hours-state';
import { INVALID_INPUT, PROGRESS_QUERY } from '../domain/messages';
import { escapeMarkdown } from '../domain/text';
import { refuseBadInput } from './input';
import { askForAttention, noteOperation } from './search-attributes';

const LONGEST_RUN_MS = 24 * 3_600_000;

export const hoursProgressQuery = defineQuery<WorkingHoursState>(PROGRESS_QUERY);
export const hoursRanSignal = defineSignal<[HoursRun]>(HOURS_RAN_SIGNAL);
export const hoursLookedSignal = defineSignal<[HoursLook]>(HOURS_LOOKED_SIGNAL);
export const overrideUpdate = defineUpdate<string, [NewOverride]>(HOURS_UPDATES.override);
export const liftUpdate = defineUpdate<string, [{ id: string }]>(HOURS_UPDATES.lift);
export const editUpdate = defineUpdate<string, [WorkingHours]>(HOURS_UPDATES.edit);

export async function workingHours(carried: WorkingHoursState): Promise<void> {
  const state: WorkingHoursState = {
    definition: carried?.definition,
    overrides: carried?.overrides ?? [],
    audit: carried?.audit ?? [],
    runs: carried?.runs ?? [],
    ...(carried?.look && { look: carried.look }),
  };
  const startedAt = Date.now();
  let changes = 0;
  const changed = (): void => {
    changes += 1;
    show(state);
  };
  registerHandlers(state, changed);
  await refuseBadInput(WORKING_HOURS, carried);
  refuseForeignId(state.definition);
  if (state.audit.length === 0) withAudit(state, now(), 'created');
  noteOperation(WORKING_HOURS);
  show(state);
  while (Date.now() - startedAt < LONGEST_RUN_MS && !workflowInfo().continueAsNewSuggested) {
    expire(state, Date.now());
    const seen = changes;
    const ends = state.overrides.map(({ until }) => Date.parse(until));
    const wake = Math.min(startedAt + LONGEST_RUN_MS, ...ends);
    await condition(() => changes !== seen, Math.max(1, wake - Date.now()));
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof workingHours>(state);
}

function registerHandlers(state: WorkingHoursState, changed: () => void): void {
  // What the run before has set is not known here.
  let shown: { wanted?: string } | undefined;
  const noteAttention = (): void => {
    const wanted = attentionOf(state);
    if (shown && wanted === shown.wanted) return;
    shown = { wanted };
    askForAttention(wanted === undefined ? null : `${WORKING_HOURS}: ${wanted}`);
  };
  setHandler(hoursProgressQuery, () => state);
  setHandler(hoursRanSignal, (run: unknown) => {
    // Anybody may send the signal, with anything: a handler that throws would stop its workflow for good.
    if (!isHoursRun(run)) return;
    withRun(state, run);
    noteAttention();
    changed();
  });
  setHandler(hoursLookedSignal, (look: unknown) => {
    if (!isHoursLook(look)) return;
    withLook(state, look);
    noteAttention();
    changed();
  });
  setHandler(
    overrideUpdate,
    (asked) => {
      const override = { ...asked, id: uuid4().slice(0, 8), at: now() };
      state.overrides = [...state.overrides, override];
      withAudit(state, override.at, `override: ${overrideText(override)}`);
      changed();
      return override.id;
    },
    {
      validator: (asked) => {
        const errors = overrideErrors(asked, Date.now());
        if (errors.length > 0)
          throw new Error(errors.map(({ path, message }) => `${path} ${message}`).join('; '));
        if (state.overrides.length >= MAX_OVERRIDES)
          throw new Error(`there are ${MAX_OVERRIDES} overrides already; lift some`);
        if (namedBy([...state.overrides, asked]) > MAX_NAMED)
          throw new Error(
            `overrides would name more than ${MAX_NAMED} instances together; give a tag instead`,
          );
      },
    },
  );
  setHandler(
    liftUpdate,
    ({ id }) => {
      const lifted = state.overrides.find((override) => override.id === id);
      state.overrides = state.overrides.filter((override) => override.id !== id);
      if (lifted) withAudit(state, now(), `lifted: ${overrideText(lifted)}`);
      changed();
      return id;
    },
    {
      validator: ({ id }) => {
        if (!state.overrides.some((override) => override.id === id))
          throw new Error(`there is no override ${id}`);
      },
    },
  );
  setHandler(
    editUpdate,
    async (definition) => {
      await refuseBadInput(WORKING_HOURS, { definition });
      state.definition = definition;
      withAudit(state, now(), 'edited');
      changed();
      return definition.name;
    },
    {
      validator: (definition: WorkingHours | undefined) => {
        if (definition?.name !== state.definition.name) throw new Error('the name cannot be changed');
      },
    },
  );
}

function show({ definition, overrides, runs, look }: WorkingHoursState): void {
  const last = runs.at(-1);
  const lines = [
    `**${escapeMarkdown(definition.name)}** ${escapeMarkdown([definition.start, definition.stop, definition.days, definition.timeZone].filter(Boolean).join(' '))}`,
    ...overrides.map((override) => `- ${escapeMarkdown(overrideText(override))}`),
    ...(look?.troubles ?? []).map((trouble) => `- ${escapeMarkdown(trouble)}`),
    ...(last ? [`last: ${escapeMarkdown(`${last.at} ${last.action} ${last.summary}`)}`] : []),
  ];
  setCurrentDetails(lines.slice(0, 30).join('\n'));
}

/** One schedule, one workflow: under another id nothing would read it. */
function refuseForeignId({ name }: WorkingHours): void {
  const { workflowId } = workflowInfo();
  const [kind, account, ...rest] = workflowId.split('/');
  if (kind === 'hours' && account && rest.join('/') === name) return;
  const message = `these hours are kept under the id hours/<account>/${name}, not under ${workflowId}`;
  throw ApplicationFailure.create({ type: INVALID_INPUT, message, nonRetryable: true });
}

function now(): string {
  return new Date().toISOString();
}
