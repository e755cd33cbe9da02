// Text → stdout, waited for. A reader that has gone away (`| head`) is no failure.

export async function writeStdout(text: string): Promise<void> {
  process.stdout.on('error', () => {});
  await new Promise<void>((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}
