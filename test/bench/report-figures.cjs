// Loaded into each measured process with --require: writes what the process used when it ends.
// CommonJS, since an --import would start Node's module loader and so cost what is being measured.

const { readFileSync, writeFileSync } = require('node:fs');

// Linux counts the peak of the process that forked this one into maxRSS; VmHWM is this one's own.
function peakKilobytes(usage) {
  if (process.platform !== 'linux') return usage.maxRSS;
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return line === null ? usage.maxRSS : Number(line[1]);
}

process.on('exit', () => {
  const usage = process.resourceUsage();
  const figures = { cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6, peakMegabytes: (peakKilobytes(usage) * 1024) / 1e6 };
  writeFileSync(process.env.FHIR_FLATTEN_FIGURES, JSON.stringify(figures));
});
