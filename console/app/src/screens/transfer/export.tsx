import { useState } from 'react'
import { size } from '../../lib/format'
import { Button } from '../../ui/button'
import { Card } from '../../ui/page'
import { ProblemBox } from '../../ui/problem'
import { exportPolicy, save } from './requests'
import { texts } from './text'
import style from './transfer.module.css'

export function ExportCard() {
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState('')
  const [failed, setFailed] = useState<unknown>()
  async function download() {
    setBusy(true)
    setFailed(undefined)
    setDone('')
    try {
      const file = await exportPolicy()
      const name = `policy-${new Date().toISOString().slice(0, 10)}.csv`
      save(file, name)
      setDone(texts.downloaded(name, size(file.size)))
    } catch (error) {
      setFailed(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Card title={texts.export}>
      <p>{texts.exportLead}</p>
      <div className={style.line}>
        <Button look="primary" onClick={() => void download()} busy={busy}>
          {texts.download}
        </Button>
        <p role="status">{busy ? texts.preparing : done}</p>
      </div>
      {failed !== undefined && <ProblemBox error={failed} />}
    </Card>
  )
}
