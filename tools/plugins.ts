/**
 * The generators that npm does not carry, installed once into `.tools/`, which git ignores.
 *
 * Generated code may ask for a runtime as new as its generator, so these pins decide what clients can run with.
 * Tried: Python's code with protobuf 3.20 to 7.36 and grpcio 1.41 to 1.85, Go's with protobuf 1.36.0 and grpc 1.64.
 */
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";

/** Old on purpose: its code takes any grpcio and protobuf in that range, newer code none older than itself. */
const GRPCIO_TOOLS = "1.62.3";
/** grpcio-tools 1.62 has no wheels for a newer Python. */
const PYTHONS = ["3.12", "3.11", "3.10", "3.9"];
const PROTOC_GEN_GO = "1.36.11";
/** Later ones need a newer Go to build, and generate nothing that we would miss. */
const PROTOC_GEN_GO_GRPC = "1.5.1";

const tools = join(import.meta.dirname, "../.tools");

/** Installs what `buf.gen.python.yaml` runs; answers why that is not possible here, or nothing. */
export function installPythonPlugin(): string | undefined {
  const python = join(tools, "python/bin/python");
  const installed = run(python, ["-c", "from importlib.metadata import version; print(version('grpcio-tools'))"]);
  if (installed.output === GRPCIO_TOOLS) return undefined;
  const interpreter = findPython();
  if (interpreter === undefined) return `no python3 that is ${PYTHONS.join(", ")}`;
  console.log(`Installing grpcio-tools ${GRPCIO_TOOLS} into .tools/python`);
  const venv = run(interpreter, ["-m", "venv", "--clear", join(tools, "python")]);
  if (!venv.ok) return `${interpreter} -m venv: ${venv.output}`;
  const pins = [`grpcio-tools==${GRPCIO_TOOLS}`, `grpcio==${GRPCIO_TOOLS}`, "protobuf==4.25.9"];
  const pip = run(python, ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", ...pins]);
  return pip.ok ? undefined : `pip install grpcio-tools: ${pip.output}`;
}

function findPython(): string | undefined {
  const version = "import sys; print('%d.%d' % sys.version_info[:2])";
  const names = ["python3", ...PYTHONS.map((name) => `python${name}`)];
  return names.find((name) => PYTHONS.includes(run(name, ["-c", version]).output));
}

/** Installs what `buf.gen.go.yaml` runs; answers why that is not possible here, or nothing. */
export function installGoPlugins(): string | undefined {
  return (
    installGo("google.golang.org/protobuf/cmd/protoc-gen-go", PROTOC_GEN_GO) ??
    installGo("google.golang.org/grpc/cmd/protoc-gen-go-grpc", PROTOC_GEN_GO_GRPC)
  );
}

function installGo(path: string, version: string): string | undefined {
  const folder = join(tools, "go/bin");
  const installed = run(join(folder, basename(path)), ["--version"]);
  if (installed.ok && installed.output.endsWith(version)) return undefined;
  if (!run("go", ["version"]).ok) return "no go";
  console.log(`Installing ${basename(path)} ${version} into .tools/go`);
  const install = run("go", ["install", `${path}@v${version}`], { GOBIN: folder });
  return install.ok ? undefined : `go install ${path}: ${install.output}`;
}

/** `output` is the last line printed: the answer of a command that worked, what went wrong with one that did not. */
function run(command: string, args: string[], env: Record<string, string> = {}): { ok: boolean; output: string } {
  const child = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, ...env } });
  if (child.error !== undefined) return { ok: false, output: child.error.message };
  const ok = child.status === 0;
  const printed = ok ? child.stdout : child.stdout + child.stderr;
  return { ok, output: printed.trim().split("\n").at(-1) ?? "" };
}
