/**
 * Loaded into the demo's processes before their own code: ends them in order when the demo itself is gone, however it
 * went. The channel to the demo carries nothing; that it closes is the message.
 */
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
// Listening alone must not keep a process alive that has nothing left to do.
process.channel?.unref();
