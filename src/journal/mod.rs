//! stub
use serde_json::Value;
use crate::error::{Error, Result};
#[derive(Debug,Clone,PartialEq,Eq,Hash)]
pub struct StepId{pub phase:String,pub title:String,pub occurrence:u32}
pub enum Outcome{Ended{status:i64},Unknown{reason:String}}
pub enum Event{
 CommandStarted{operation:u64,step:Option<StepId>,host:String,command:String,changes:bool},
 CommandEnded{operation:u64,outcome:Outcome,duration_ms:u64,stdout:String,stderr:String},
 PhaseStarted{title:String},PhaseFinished{title:String},
 Confirmed{question:String,details:Vec<String>,answer:bool},
 Noted{warning:bool,host:Option<String>,text:String},
 StepStarted{step:StepId,host:String},StepFinished{step:StepId,host:String,value:Value,changed:bool},StepFailed{step:StepId,host:String,error:Error},
}
pub struct Journal;
impl Journal{
 pub fn append(&self,_e:Event)->Result<()>{Ok(())}
 pub fn run(&self)->&str{""}
 pub fn files(&self)->std::path::PathBuf{"".into()}
 pub fn confirmed(&self,_:&str)->bool{false}
 pub fn finished(&self,_:&StepId,_:&str)->Option<Value>{None}
}
