/** The health file tells by its age alone: fresh while the worker works, older and older while it does not, gone after. */
import { existsSync, mkdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { keepHealthFile } from '../../src/worker/health-file';
import { afterTest, temporaryDirectory, until } from '../support/temporary';

interface Kept {
  path: string;
  changes: (string | undefined)[];
  answer: { now: () => Promise<boolean> };
  asked: () => number;
  end: () => void;
}

function keep(path = join(temporaryDirectory(), 'health')): Kept {
  const answer = { now: () => Promise.resolve(true) };
  const changes: (string | undefined)[] = [];
  let asked = 0;
  const isWorking = (): Promise<boolean> => {
    asked += 1;
    return answer.now();
  };
  const end = keepHealthFile({ path, isWorking, everyMs: 5, onChange: (problem) => changes.push(problem) });
  afterTest(end);
  return { path, changes, answer, asked: () => asked, end };
}

const LONG_AGO = new Date('2026-01-01T00:00:00Z');
const age = (path: string): void => utimesSync(path, LONG_AGO, LONG_AGO);
const isFresh = (path: string): boolean => statSync(path).mtimeMs > LONG_AGO.getTime();

test('it is touched again and again, and gone at the end', async () => {
  const { path, end, changes } = keep();
  await until('the file is there', () => existsSync(path));
  age(path);
  await until('touched again', () => isFresh(path));
  end();
  expect(existsSync(path)).toBe(false);
  expect(changes).toEqual([]);
});

test.each([
  ['does not poll', () => Promise.resolve(false), 'the worker does not poll'],
  ['has no server', () => Promise.reject(new Error('14 UNAVAILABLE')), '14 UNAVAILABLE'],
])(
  'it grows old while the worker %s, which is told once, and is fresh again after',
  async (_how, now, told) => {
    const { path, answer, changes, asked } = keep();
    await until('the file is there', () => existsSync(path));
    answer.now = now;
    await until('the change is told', () => changes.length === 1);
    age(path);
    const before = asked();
    await until('asked some more', () => asked() > before + 3);
    expect(isFresh(path)).toBe(false);
    expect(changes).toEqual([told]);
    answer.now = () => Promise.resolve(true);
    await until('touched again', () => isFresh(path));
    await until('the change is told', () => changes.length === 2);
    expect(changes).toEqual([told, undefined]);
  },
);

test('an answer that comes after the end makes no file', async () => {
  let answerNow: (value: boolean) => void = () => undefined;
  const path = join(temporaryDirectory(), 'health');
  const end = keepHealthFile({
    path,
    isWorking: () => new Promise((resolve) => (answerNow = resolve)),
    onChange: () => undefined,
  });
  end();
  answerNow(true);
  await new Promise(setImmediate);
  expect(existsSync(path)).toBe(false);
});

test('a file that cannot be written is told and ends nothing', async () => {
  const path = join(temporaryDirectory(), 'a-directory');
  mkdirSync(path);
  const { changes, end } = keep(path);
  await until('told', () => changes.length === 1);
  expect(changes[0]).toContain('EISDIR');
  expect(end).not.toThrow();
});
