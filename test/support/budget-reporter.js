/**
 * A jest reporter: the seconds each project's test files took, against the budget in test/budgets.json.
 *
 * The one rule: it tells, it does not fail: a busy machine is no defect. Who exceeds a budget finds it in the last
 * lines of the run, with the slowest files named.
 */
const budgets = require('../budgets.json');

module.exports = class BudgetReporter {
  constructor() {
    this.files = [];
  }

  onTestResult(test, result) {
    const { start, end } = result.perfStats;
    const project = result.displayName?.name ?? 'none';
    this.files.push({ project, path: test.path, seconds: Math.max(0, end - start) / 1000 });
  }

  onRunComplete(_contexts, results) {
    const lines = ['', 'Seconds of test files per project (two run at a time), against test/budgets.json'];
    for (const project of [...new Set(this.files.map((file) => file.project))].sort()) {
      const files = this.files.filter((file) => file.project === project);
      lines.push(...this.linesOf(project, files));
    }
    lines.push(line('wall', (Date.now() - results.startTime) / 1000, `${results.numTotalTests} tests`));
    process.stderr.write(`${lines.join('\n')}\n`);
  }

  linesOf(project, files) {
    const seconds = files.reduce((sum, file) => sum + file.seconds, 0);
    const lines = [line(project, seconds, `${files.length} files`)];
    if (seconds <= budgets[project]) return lines;
    const slowest = [...files].sort((a, b) => b.seconds - a.seconds).slice(0, 3);
    return [...lines, ...slowest.map((file) => `      ${file.seconds.toFixed(1)} s  ${file.path}`)];
  }
};

function line(name, seconds, what) {
  const budget = budgets[name];
  const verdict =
    budget === undefined
      ? 'no budget'
      : seconds > budget
        ? `OVER its budget of ${budget} s`
        : `of ${budget} s`;
  return `  ${name.padEnd(10)}${seconds.toFixed(1).padStart(7)} s  ${verdict}  (${what})`;
}
