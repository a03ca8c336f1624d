/* The functions behind the rows of COMMANDS; each lives in the file of its noun. */
#ifndef PLACET_COMMANDS_H
#define PLACET_COMMANDS_H

#include "cmd/cmd.h"

RUN(cmd_init);
RUN(cmd_institution_show);
RUN(cmd_institution_set);
RUN(cmd_account_add);
RUN(cmd_account_list);
RUN(cmd_account_disable);
RUN(cmd_account_reset);
RUN(cmd_token_add);
RUN(cmd_department_add);
RUN(cmd_department_list);
RUN(cmd_identity_add);
RUN(cmd_identity_list);
RUN(cmd_identity_show);
RUN(cmd_identity_dns);
RUN(cmd_identity_edit);
RUN(cmd_identity_check);
RUN(cmd_identity_rotate);
RUN(cmd_relay_add);
RUN(cmd_relay_edit);
RUN(cmd_relay_remove);
RUN(cmd_relay_list);
RUN(cmd_identity_pace);
RUN(cmd_pace_set);
RUN(cmd_pace_remove);
RUN(cmd_pace_list);
RUN(cmd_site_check);
RUN(cmd_identity_hold);
RUN(cmd_identity_release);
RUN(cmd_site_export);
RUN(cmd_project_add);
RUN(cmd_project_edit);
RUN(cmd_project_close);
RUN(cmd_project_list);
RUN(cmd_project_show);
RUN(cmd_project_qr);
RUN(cmd_project_image);
RUN(cmd_project_approve);
RUN(cmd_list_add);
RUN(cmd_list_list);
RUN(cmd_list_show);
RUN(cmd_list_members);
RUN(cmd_list_export);
RUN(cmd_list_answered);
RUN(cmd_import);
RUN(cmd_consent_add);
RUN(cmd_consent_withdraw);
RUN(cmd_consent_show);
RUN(cmd_validate);
RUN(cmd_mailing_new);
RUN(cmd_mailing_edit);
RUN(cmd_mailing_list);
RUN(cmd_mailing_show);
RUN(cmd_mailing_versions);
RUN(cmd_mailing_diff);
RUN(cmd_mailing_check);
RUN(cmd_mailing_selection);
RUN(cmd_mailing_arms);
RUN(cmd_mailing_preview);
RUN(cmd_mailing_test);
RUN(cmd_mailing_submit);
RUN(cmd_mailing_answer);
RUN(cmd_mailing_approve);
RUN(cmd_mailing_reject);
RUN(cmd_mailing_withdraw);
RUN(cmd_mailing_revoke);
RUN(cmd_mailing_start);
RUN(cmd_mailing_pause);
RUN(cmd_mailing_resume);
RUN(cmd_mailing_cancel);
RUN(cmd_mailing_retry);
RUN(cmd_mailing_status);
RUN(cmd_mailing_report);
RUN(cmd_stop_all);
RUN(cmd_spam_report_add);
RUN(cmd_opt_out);
RUN(cmd_person_show);
RUN(cmd_person_export);
RUN(cmd_person_erase);
RUN(cmd_notice_list);
RUN(cmd_complaint_list);
RUN(cmd_complaint_show);
RUN(cmd_complaint_close);
RUN(cmd_template_show);
RUN(cmd_template_set);
RUN(cmd_template_list);
RUN(cmd_template_check);
RUN(cmd_template_preview);
RUN(cmd_lint);
RUN(cmd_check_message);
RUN(cmd_audit_log);
RUN(cmd_audit_verify);
RUN(cmd_backup);
RUN(cmd_restore);
RUN(cmd_host_join);
RUN(cmd_host_list);
RUN(cmd_host_remove);
RUN(cmd_send);
RUN(cmd_sender_status);
RUN(cmd_web);
RUN(cmd_serve);
RUN(cmd_work);
RUN(cmd_retention_show);
RUN(cmd_retention_run);
RUN(cmd_capture);
RUN(cmd_demo);


struct project;
/* ERR_MISSING when there is none. */
int project_find(struct ctx *c, const char *slug, struct project *out, struct err *e) MUST_USE;
/* Reads --join-text and --join-list into the project, and after it was added or changed gives it the list. */
int project_read_join(struct ctx *c, struct project *p, struct err *e) MUST_USE;
int project_write_join(struct home *h, struct project *p, int64_t by, struct err *e) MUST_USE;
/* May this account review the project? 0, or -1 with ERR_DENIED saying why not. */
int project_may_review(struct ctx *c, const struct project *p, const struct account *by, struct err *e) MUST_USE;

#endif
