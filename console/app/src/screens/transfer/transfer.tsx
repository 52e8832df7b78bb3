import { useMyRights } from '../../shell/rights'
import { Page } from '../../ui/page'
import { ExportCard } from './export'
import { ImportCard } from './import'
import { texts } from './text'

/** The whole policy as a file, out and in. */
export default function Transfer() {
  const rights = useMyRights()
  return (
    <Page title={texts.title} lead={texts.lead}>
      {rights.may('policy:export') && <ExportCard />}
      {rights.may('policy:import') ? <ImportCard replaces={rights.administrator} /> : <p>{texts.mayNotImport}</p>}
    </Page>
  )
}
