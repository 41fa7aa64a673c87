/** Reports a piece of work as done up to a part of it, from 0 to 1. */
export type Progress = (done: number) => void;

const TITLE_WIDTH = 60;
const DOTS = 10;

/** Does one piece of work and prints a line about it: what, dots as it goes on, its outcome, and how long it took. */
export async function step<Result>({
  title,
  work,
  outcome,
}: {
  title: string;
  work: (progress: Progress) => Promise<Result>;
  outcome: (result: Result) => string;
}): Promise<Result> {
  const start = performance.now();
  process.stdout.write(`  ${title} `);
  let dots = 0;
  const result = await work((done) => {
    for (; dots < Math.floor(done * DOTS); dots++) process.stdout.write(".");
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
  const gap = " ".repeat(TITLE_WIDTH - title.length - dots);
  process.stdout.write(`${gap}${seconds} s   ${outcome(result)}\n`);
  return result;
}
