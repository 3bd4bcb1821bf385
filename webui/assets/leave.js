// On the page where nobody is signed in: what somebody left in this tab (drafts of notes) is nobody else's.
// Clear-Site-Data at signing out does the same where https is; this also when a session ran out.
sessionStorage.clear();
localStorage.clear();
