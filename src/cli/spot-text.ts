/** What people read of a rescue, a plan and prices on a terminal. Everything people did not write is stripped. */
import { candidateText } from '../domain/spot-candidates';
import type { RelaunchSpotResult, SpotPlan, SpotProgress, SpotReport } from '../domain/spot-messages';
import { stripControl } from '../domain/text';
import { textTable } from './table';

export function rescueText(rescue: RelaunchSpotResult | SpotProgress): string {
  const { instanceId, notice, saved, replacementId, steps } = rescue;
  const lines = [
    'summary' in rescue
      ? rescue.summary
      : `${instanceId}: ${rescue.outcome ?? rescue.phase}, notice ${notice}`,
    ...(saved && !('summary' in rescue) ? [`saved by ${saved.rung}; lost: ${saved.lost}`] : []),
    ...(replacementId === undefined ? [] : [`replacement: ${replacementId}`]),
    ...steps.map(({ at, ok, step, detail }) => `  ${at} ${ok ? '✓' : '✗'} ${step}: ${detail}`),
  ];
  return lines.map((line) => stripControl(line)).join('\n');
}

export function planText(plan: SpotPlan, columns?: number): string {
  const { instanceId, policy, locked, interruptionBehavior, rungs, warmImage, places, leftOut } = plan;
  const cells = rungs.map(({ rung, needs, lost }, index) =>
    [`${index + 1}. ${rung}`, needs, lost].map((cell) => stripControl(cell)),
  );
  return [
    `${instanceId}: ${locked ? 'IS BEING TAKEN BACK' : 'is not being taken back'}; policy ${policy}; at a reclaim: ${interruptionBehavior}`,
    textTable(['WAY TO SAVE', 'NEEDS', 'WOULD BE LOST'], cells, columns),
    warmImage ? `Warm image: ${warmImage.imageId} of ${warmImage.asOf}` : 'There is no warm image.',
    'Places for a replacement, in order:',
    ...places.map((place, index) => `  ${index + 1}. ${candidateText(place)}, stock ${place.stock}`),
    ...leftOut.map((reason) => `  left out: ${reason}`),
    ...(interruptionBehavior === 'Stop'
      ? ['It is stopped and not released at a reclaim; no replacement is launched then.']
      : []),
  ]
    .map((line) => stripControl(line))
    .join('\n');
}

export function pricesText({ rows, region }: SpotReport, columns?: number): string {
  if (rows.length === 0) return `ECS lists none of these types in ${region}.`;
  const money = (value?: number): string => (value === undefined ? '?' : String(value));
  const cells = rows.map((row) =>
    [
      row.instanceType,
      row.zoneId,
      money(row.spotPrice),
      money(row.listPrice),
      row.stock,
      row.interruptions,
    ].map((cell) => stripControl(cell)),
  );
  return textTable(['TYPE', 'ZONE', 'SPOT', 'LIST', 'STOCK', 'TAKEN BACK'], cells, columns);
}
