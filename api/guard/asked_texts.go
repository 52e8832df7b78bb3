package guard

// withEnglishRequests adds the texts of the form and of requests, in English.
func withEnglishRequests(t Texts) Texts {
	t.Why = "Reason"
	t.UntilWhen = "Until when?"
	t.NoEnd = "No end"
	t.Today = "Until the end of today"
	t.AWeek = "For a week"
	t.UntilDay = "Until the end of"
	t.Day = "Last day"
	t.SendForm = "Send the request"

	t.YourRequest = "Your request"
	t.AskedOn = "You asked for this access on {asked}. Nobody has decided yet."
	t.Approved = "{by} approved your request on {decided}."
	t.ApprovedUntil = "{by} approved your request on {decided}, until {until}."
	t.TryNow = "Load this page again."
	t.Reload = "Load again"
	t.StillDenied = "The access has ended or was taken away since. You can ask again."
	t.Declined = "{by} declined your request of {asked}."
	t.DeclinedReason = "Reason"
	t.RequestExpired = "Your request of {asked} has expired. Nobody decided in time."
	t.MayAskAgain = "You can ask again."
	t.AskAgain = "Ask again"
	t.ByProgram = "An administrator"
	return t
}

// withGermanRequests adds the texts of the form and of requests, in German.
func withGermanRequests(t Texts) Texts {
	t.Why = "Grund"
	t.UntilWhen = "Bis wann?"
	t.NoEnd = "Unbefristet"
	t.Today = "Bis heute Abend, 24 Uhr"
	t.AWeek = "Für eine Woche"
	t.UntilDay = "Bis zum Ende des Tages"
	t.Day = "Letzter Tag"
	t.SendForm = "Anfrage senden"

	t.YourRequest = "Ihre Anfrage"
	t.AskedOn = "Sie haben diesen Zugriff am {asked} angefragt. Noch hat niemand entschieden."
	t.Approved = "{by} hat Ihre Anfrage am {decided} genehmigt."
	t.ApprovedUntil = "{by} hat Ihre Anfrage am {decided} genehmigt, bis {until}."
	t.TryNow = "Laden Sie diese Seite neu."
	t.Reload = "Neu laden"
	t.StillDenied = "Der Zugriff ist seitdem abgelaufen oder wurde entzogen. Sie können erneut anfragen."
	t.Declined = "{by} hat Ihre Anfrage vom {asked} abgelehnt."
	t.DeclinedReason = "Begründung"
	t.RequestExpired = "Ihre Anfrage vom {asked} ist abgelaufen. Niemand hat rechtzeitig entschieden."
	t.MayAskAgain = "Sie können erneut anfragen."
	t.AskAgain = "Erneut anfragen"
	t.ByProgram = "Die Administration"
	return t
}
