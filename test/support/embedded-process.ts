/**
 * A process that uses an embedded PostgreSQL: prints `{"url", "isOwner"}` once it runs, leaves it when its input ends.
 *
 * Arguments: the data folder, and the number of the user to become, if any.
 */
import { startEmbedded } from "../../src/db/embedded.ts";

const [dataDir = "", uid] = process.argv.slice(2);
if (uid !== undefined) {
  process.setgroups?.([]);
  process.setuid?.(Number(uid));
}
const server = await startEmbedded({ dataDir, settings: { fsync: "off" } });
process.stdout.write(`${JSON.stringify({ url: server.url, isOwner: server.isOwner })}\n`);
process.stdin.resume().once("end", () => void server.stop());
