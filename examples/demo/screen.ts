/**
 * What the demo shows while it runs: a bar for each attempt on a terminal, plain lines everywhere else.
 */
import { MultiBar, type SingleBar } from "cli-progress";

/** What is known of an attempt. */
export interface AttemptView {
  attempt: number;
  worker: string;
  progress: number;
  /** What the worker said last, or what became of it. */
  note: string;
}

/** Where the demo writes. */
export interface Screen {
  /** One line that stays. */
  say(text: string): void;
  /** Shows where an attempt is. */
  show(view: AttemptView): void;
  /** No more attempts will be shown. */
  end(): void;
}

const BAR_FORMAT = "attempt {attempt} {bar} {percentage} %  {worker}  {note}";
/** Without a terminal, progress is worth a line when it moved this far. */
const LINE_STEP = 5;

/** Bars for a terminal, lines for a pipe or a file. */
export function openScreen(output: NodeJS.WriteStream): Screen {
  return output.isTTY ? new BarScreen(output) : new LineScreen(output);
}

class BarScreen implements Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #bars = new Map<number, SingleBar>();
  #multiBar: MultiBar | undefined;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  say(text: string): void {
    // A bar repaints its own lines: text in between has to go through it.
    if (this.#multiBar === undefined) this.#output.write(`${text}\n`);
    else this.#multiBar.log(`${text}\n`);
  }

  show({ attempt, progress, ...rest }: AttemptView): void {
    this.#multiBar ??= new MultiBar({
      stream: this.#output,
      format: BAR_FORMAT,
      barsize: 16,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      linewrap: false,
      fps: 8,
      autopadding: true,
      // A line of text above the bars moves all of them.
      forceRedraw: true,
      // The demo cleans up after Ctrl-C itself.
      gracefulExit: false,
    });
    const bar = this.#bars.get(attempt) ?? this.#multiBar.create(100, progress, { attempt, ...rest });
    this.#bars.set(attempt, bar);
    bar.update(progress, { attempt, ...rest });
  }

  end(): void {
    this.#multiBar?.stop();
    this.#multiBar = undefined;
    this.#bars.clear();
  }
}

class LineScreen implements Screen {
  readonly #output: NodeJS.WriteStream;
  #shown = "";

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  say(text: string): void {
    this.#output.write(`${text}\n`);
  }

  show({ attempt, worker, progress, note }: AttemptView): void {
    const mark = `${attempt}/${Math.floor(progress / LINE_STEP)}`;
    if (mark === this.#shown) return;
    this.#shown = mark;
    this.say(`  attempt ${attempt}  ${String(progress).padStart(3)} %  ${worker}  ${note}`);
  }

  end(): void {}
}
