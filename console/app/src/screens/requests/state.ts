import type { RequestState } from '../../api/requests'
import type { Tone } from '../../ui/badge'

export const tones: Record<RequestState, Tone> = { open: 'accent', approved: 'good', declined: 'bad', withdrawn: 'neutral', expired: 'neutral' }
