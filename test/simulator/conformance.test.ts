/**
 * The real SDK against the simulator, action by action: what it sends is understood and what it reads is there.
 * With ECS_CONFORMANCE_ENDPOINT set (and the usual ALIBABA_CLOUD_ACCESS_KEY_*) the read-only part runs against the
 * real service instead, so that the simulator can be held against the truth.
 */
import { readOnlyConformance } from './support/conformance-read-only';
import { lifecycleConformance } from './support/conformance-lifecycle';
import { errorConformance } from './support/conformance-errors';
import { modelConformance } from './support/conformance-models';
import { target } from './support/conformance-target';

const underTest = target();

describe(`read-only, ${underTest.name}`, () => readOnlyConformance(underTest));

if (!underTest.real) {
  describe('answers as the SDK describes them', () => modelConformance(underTest));
  describe('lifecycle', () => lifecycleConformance(underTest));
  describe('errors as the SDK throws them', () => errorConformance(underTest));
}
