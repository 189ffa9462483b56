import { MemoryDisk, type DiskImage, type DiskOperation } from '../../rig/boards/virtual/index.js'

export type { DiskOperation }

/** A disk in memory that records every operation; `crash-images.ts` makes from the record every state that a power cut could leave. */
export class RecordingDisk extends MemoryDisk {
  readonly operations: DiskOperation[] = []
  readonly start: DiskImage

  /** @param start what is on the disk already, all of it durable */
  constructor(start?: DiskImage) {
    super(start, (operation) => this.operations.push(operation))
    this.start = this.image()
  }
}
