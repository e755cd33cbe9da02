// Bytes and resources so far → a line on the terminal: how far, how fast, how long yet.

import { clockMs } from '../clock.ts';
import type { Progress } from '../run/read-resources.ts';
import { formatCount } from './print-diagnostics.ts';
import type { Terminal } from './terminal.ts';

const redrawMs = 100;
const barWidth = 16;

/** Redraws at most ten times a second. `totalByteCount` undefined: how far is not known. */
export function createProgressBar(terminal: Terminal, totalByteCount: number | undefined): (progress: Progress) => void {
  const startMs = clockMs();
  let drawnMs = startMs;
  return (progress) => {
    const nowMs = clockMs();
    if (nowMs - drawnMs < redrawMs) return;
    drawnMs = nowMs;
    terminal.showStatus(drawProgress(progress, totalByteCount, (nowMs - startMs) / 1000, process.stderr.columns || 80));
  };
}

/** One line, cut to the terminal's width so that it can be redrawn. */
export function drawProgress({ byteCount, resourceCount }: Progress, totalByteCount: number | undefined, seconds: number, width: number): string {
  const parts: string[] = [];
  if (totalByteCount !== undefined && totalByteCount > 0) {
    const share = Math.min(1, byteCount / totalByteCount);
    const filled = Math.round(share * barWidth);
    parts.push(
      `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${Math.floor(share * 100)} %`,
      `${formatBytes(byteCount)} of ${formatBytes(totalByteCount)}`,
    );
  } else {
    parts.push(formatBytes(byteCount));
  }
  parts.push(`${formatCount(Math.round(resourceCount / Math.max(seconds, 0.001)))} resources/s`);
  if (totalByteCount !== undefined && byteCount > 0 && byteCount < totalByteCount) {
    parts.push(`${formatSeconds((seconds * (totalByteCount - byteCount)) / byteCount)} left`);
  }
  return parts.join('  ').slice(0, Math.max(0, width - 1));
}

export function formatBytes(byteCount: number): string {
  if (byteCount < 1000) return `${byteCount} B`;
  if (byteCount < 1e6) return `${(byteCount / 1e3).toFixed(1)} kB`;
  if (byteCount < 1e9) return `${(byteCount / 1e6).toFixed(1)} MB`;
  return `${(byteCount / 1e9).toFixed(2)} GB`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
