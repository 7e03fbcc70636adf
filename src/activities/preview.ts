/** What a preview of a run has to ask ECS. The one rule: nothing is started. */
import { randomUUID } from 'node:crypto';
import type { EcsClient } from '../ecs/client';
import { EcsError } from '../ecs/errors';
import type { RunCommandInput } from '../domain/messages';
import { MAX_BATCH, spreadOverZones } from '../domain/plan';
import { isFileInput, sendingOf } from '../domain/sending';
import type { RunInput } from '../domain/sending';
import type { PreviewFindings, RunPreview } from '../domain/run-preview';
import { previewOf } from '../domain/run-preview';
import { atBoundary } from './failures';
import { checkTargets, selectTargets } from './select-targets';

export interface PreviewActivities {
  /** `askEcs`: the first batch is sent with RepeatMode DryRun, which ECS only checks. */
  previewRun(request: { input: RunInput; askEcs: boolean }): Promise<RunPreview>;
}

export function createPreviewActivities(ecs: EcsClient): PreviewActivities {
  return {
    previewRun: ({ input, askEcs }) =>
      atBoundary(async () => {
        const { region, targets, rate } = input;
        const { need } = sendingOf(input);
        const { ids, left } = await selectTargets(ecs, region, targets);
        const { fit, unfit, zoneOf, running } = await checkTargets(ecs, region, ids, need);
        const findings: PreviewFindings = {
          fit: rate?.spreadOverZones ? spreadOverZones(fit, zoneOf) : fit,
          unfit,
          left,
          calls: {
            DescribeInstances: Math.ceil(ids.length / 100),
            DescribeCloudAssistantStatus: Math.ceil(running / 50),
          },
        };
        const preview = previewOf(input, findings);
        return askEcs && fit.length > 0 && !isFileInput(input)
          ? { ...preview, verdict: await verdictOf(ecs, input, findings.fit.slice(0, MAX_BATCH)) }
          : preview;
      }),
  };
}

/** A call that is only checked ends in an error that says it would have been taken. */
async function verdictOf(
  ecs: EcsClient,
  { region, command, name }: RunCommandInput,
  instanceIds: string[],
): Promise<NonNullable<RunPreview['verdict']>> {
  const call = { region, instanceIds, command, name, clientToken: randomUUID(), tags: {}, dryRun: true };
  try {
    await ecs.runCommand(call);
    return { accepted: true, message: 'accepted' };
  } catch (error) {
    if (!(error instanceof EcsError) || error.kind === 'retry') throw error;
    return { accepted: error.code === 'DryRunOperation', message: error.message };
  }
}
