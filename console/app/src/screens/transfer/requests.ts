import { api, data, reasonHeader, type Change } from '../../api/client'

export type Mode = 'merge' | 'replace'

/** LargestFile is what the server takes, in bytes. */
export const largestFile = 32 << 20

interface How {
  mode: Mode
  dryRun: boolean
  reason?: string
  signal?: AbortSignal
}

/** ImportPolicy imports a file, or shows what that would change. The bytes are sent as they are, so that the server sees what is wrong with them. */
export async function importPolicy(file: Blob, { mode, dryRun, reason, signal }: How): Promise<Change> {
  return data(
    await api.POST('/imports', {
      params: { query: { mode, ...(dryRun && { dry_run: true }) } },
      headers: { 'Content-Type': 'text/csv', ...reasonHeader(reason) },
      body: file as unknown as string,
      bodySerializer: (body: unknown) => body as Blob,
      signal,
    }),
  )
}

/** ExportPolicy returns the whole policy as a file. */
export async function exportPolicy(): Promise<Blob> {
  return data(await api.GET('/export', { parseAs: 'blob' })) as unknown as Blob
}

/** Save gives the browser a file to save. */
export function save(file: Blob, name: string) {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
