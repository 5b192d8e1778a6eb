//! The way back to the data of before: what a human types who does not want to go on.

use super::conf::EtcdConf;
use super::restore::check_token;
use super::{Forced, UNIT, force};
use crate::error::Result;
use crate::primitive::{Host, file};
use crate::transport::quote::quote;

/// What a human types on `host`, one command each, to go back to the data that the run `token` found,
/// and to start etcd with it. Nothing is changed.
///
/// # Errors
/// `Command` if the host cannot be asked.
pub fn way_back(host: &Host, conf: &EtcdConf, token: &str) -> Result<Vec<String>> {
    check_token(token)?;
    let mut lines = Vec::new();
    let mut type_in = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|&word| quote(word)).collect();
        lines.push(words.join(" "));
    };
    let (member, aside) = (conf.member_dir(), conf.beside("before", token));
    if file::exists(host, &format!("{aside}/member"))? {
        type_in(&["systemctl", "stop", UNIT]);
        if file::exists(host, &member)? {
            let restored = conf.beside("restored", token);
            type_in(&["mv", "-T", "-n", &member, &restored]);
        }
        type_in(&["mv", "-T", "-n", &format!("{aside}/member"), &member]);
    }
    match force::forced(host, conf)? {
        Forced::No => {}
        Forced::DropIn => type_in(&["rm", "/etc/systemd/system/etcd.service.d/temp.conf"]),
        Forced::Setting => type_in(&["sed", "-i", "/^ETCD_FORCE_NEW_CLUSTER=/d", &conf.path]),
    }
    type_in(&["systemctl", "unmask", UNIT]);
    type_in(&["systemctl", "daemon-reload"]);
    type_in(&["systemctl", "start", UNIT]);
    Ok(lines)
}
